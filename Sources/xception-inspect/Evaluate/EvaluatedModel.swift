import Evaluation
import Xception

/// A model, and its answers to pictures whose classes are known.
struct EvaluatedModel {
  enum Findings {
    /// With the class and the answer of each picture.
    case classes(ClassEvaluation, answers: [(picture: Int, truth: Int, answer: ClassEvaluation.Answer)])
    /// With the picture that each of the evaluation's is.
    case labels(LabelEvaluation, pictures: [Int])
  }

  /// What the model said about a picture.
  struct Answer {
    let picture: Int
    /// The name of the class, or those of the labels, in order.
    let names: [String]
    let isCorrect: Bool
  }

  let classifier: Classifier
  let file: String
  /// The file and what the network computes in.
  var title: String { "\(file) (\(classifier.precision.rawValue))" }
  private(set) var findings: Findings
  /// Whether the pictures' classes are those of ImageNet's folders, in their order.
  let hasFoldersOfImageNet: Bool
  /// Of each label in MAP@100; nil where all count alike.
  let weights: [Double]?
  private let truths: Truths

  /// The right answer to each picture.
  private enum Truths {
    case classes([Int])
    case labels([Set<Int>])
  }

  /// - Parameters:
  ///   - names: Of classes, as they are called in the folders and lists.
  ///   - weights: Of labels.
  /// - Throws: `InputFileError` where the names of the pictures' classes are not the model's.
  init(
    _ classifier: Classifier, file: String, pictures: KnownPictures, names: ListFile?, weights: ListFile?
  ) throws(InputFileError) {
    self.classifier = classifier
    self.file = file
    let classCount = classifier.classCount
    var index = ClassIndex(labels: classifier.labels, classCount: classCount)
    if let names {
      index = try names { (text) throws(TruthError) in
        var index = index
        try index.addAliases(list: text)
        return index
      }
      hasFoldersOfImageNet = false
    } else {
      hasFoldersOfImageNet = index.addFoldersOfImageNet(pictures.truth)
    }
    self.weights = try weights?({ [index] (text) throws(TruthError) in
      try LabelWeights(list: text).values(index, classCount: classCount)
    })
    if classifier.kind == .independentLabels {
      truths = .labels(try pictures.labelSets(index))
      findings = .labels(LabelEvaluation(labelCount: classCount), pictures: [])
    } else {
      truths = .classes(try pictures.classes(index))
      findings = .classes(ClassEvaluation(classCount: classCount), answers: [])
    }
  }

  mutating func add(_ probabilities: [Float], picture: Int) {
    switch (findings, truths) {
    case (.classes(var evaluation, var answers), .classes(let truths)):
      // Emptied, so that the two are not copied for each picture.
      findings = .classes(ClassEvaluation(classCount: 0), answers: [])
      let answer = ClassEvaluation.Answer(probabilities, truth: truths[picture])
      evaluation.add(answer, truth: truths[picture])
      answers.append((picture, truths[picture], answer))
      findings = .classes(evaluation, answers: answers)
    case (.labels(var evaluation, var pictures), .labels(let truths)):
      findings = .labels(LabelEvaluation(labelCount: 0), pictures: [])
      evaluation.add(probabilities, truth: truths[picture])
      pictures.append(picture)
      findings = .labels(evaluation, pictures: pictures)
    default: preconditionFailure("findings and truths are of one kind")
    }
  }

  /// To each picture that was classified.
  var answers: [Answer] {
    switch findings {
    case .classes(_, let answers):
      answers.map {
        Answer(picture: $0.picture, names: [className($0.answer.predicted)], isCorrect: $0.answer.isCorrect)
      }
    case .labels(let evaluation, let pictures):
      pictures.enumerated().map { index, picture in
        let labels = evaluation.predicted(of: index)
        return Answer(
          picture: picture, names: labels.map(className).sorted(), isCorrect: labels == evaluation.truth(of: index))
      }
    }
  }

  func className(_ index: Int) -> String {
    index < classifier.labels.count ? classifier.labels[index] : "class \(index)"
  }
}
