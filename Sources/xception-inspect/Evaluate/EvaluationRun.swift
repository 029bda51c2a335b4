import Evaluation
import Threads
import Xception

/// Models that have classified the same pictures.
struct EvaluationRun {
  let models: [EvaluatedModel]
  let pictures: KnownPictures
  /// The pictures that a model could not classify, which count for none, with the reasons.
  let failures: [(picture: String, error: String)]

  /// What the models say about a picture.
  private enum Outcome: Sendable {
    /// The probabilities that each gives.
    case answers([[Float]])
    case failure(String)
  }

  /// As many pictures are classified at once as a model has threads, so that decoding one overlaps running a network on
  /// another; they are counted in their order.
  ///
  /// - Parameter progress: Told how many pictures are done.
  /// - Throws: `InputFileError` where no picture can be classified.
  init(models: [EvaluatedModel], pictures: KnownPictures, progress: (_ done: Int) -> Void) throws {
    var (answered, failures) = (models, [(picture: String, error: String)]())
    let threads = models.map(\.classifier.network.threads).max() ?? 1
    var places = (0..<pictures.count).makeIterator()
    // Answers wait for a picture that takes longer, such as one of 100 megapixels among small ones.
    try OrderedWork<Int, Outcome>(window: 16 * threads).run(
      threads: threads, next: { places.next() },
      perform: { Self.outcome(of: pictures.path(of: $0), models) },
      deliver: { picture, outcome in
        switch outcome {
        case .answers(let answers):
          for (model, probabilities) in answers.enumerated() { answered[model].add(probabilities, picture: picture) }
        case .failure(let error): failures.append((pictures.truth.entries[picture].picture, error))
        }
        progress(picture + 1)
      })
    if failures.count == pictures.count, let first = failures.first {
      throw InputFileError(path: first.picture, reason: "\(first.error); none of the pictures can be classified")
    }
    (self.models, self.pictures, self.failures) = (answered, pictures, failures)
  }

  /// All models classify a picture before any answer is counted: it counts for every one or for none.
  private static func outcome(of path: String, _ models: [EvaluatedModel]) -> Outcome {
    var answers: [[Float]] = []
    for model in models {
      do throws(ClassifierError) {
        answers.append(try model.classifier.classification(of: .path(path), top: 1).probabilities)
      } catch {
        // What is wrong with a picture is wrong for all; a network may overflow where another doesn't.
        if case .image = error { return .failure("\(error)") }
        return .failure(models.count == 1 ? "\(error)" : "\(model.title): \(error)")
      }
    }
    return .answers(answers)
  }
}
