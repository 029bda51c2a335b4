import Evaluation
import Xception

/// Models that have classified the same pictures.
struct EvaluationRun {
  private(set) var models: [EvaluatedModel]
  let pictures: KnownPictures
  /// The pictures that could not be read, which count for nothing, with the reasons.
  private(set) var unreadable: [(picture: String, error: String)] = []

  /// - Parameter progress: Told how many pictures are done.
  /// - Throws: `InputFileError` where no picture can be read, and what running a network throws.
  init(models: [EvaluatedModel], pictures: KnownPictures, progress: (_ done: Int) -> Void) throws {
    self.models = models
    self.pictures = pictures
    for picture in 0..<pictures.count {
      let path = pictures.path(of: picture)
      do {
        // All before any is counted: a picture counts for every model or for none.
        let answers = try models.map { try $0.classifier.classification(of: .path(path), top: 1).probabilities }
        for (model, probabilities) in answers.enumerated() { self.models[model].add(probabilities, picture: picture) }
      } catch ClassifierError.image(let error, _) {
        unreadable.append((pictures.truth.entries[picture].picture, "\(error)"))
      }
      progress(picture + 1)
    }
    if unreadable.count == pictures.count, let first = unreadable.first {
      throw InputFileError(path: first.picture, reason: "\(first.error); none of the pictures can be read")
    }
  }
}
