import Evaluation

/// What an evaluation found out, for people and for programs.
struct EvaluationReport: Encodable {
  struct Model: Encodable {
    struct NamedScore: Encodable {
      let name: String
      let score: ClassScore
    }

    struct Confusion: Encodable {
      let truth: String
      let predicted: String
      let count: Int
    }

    struct Classes: Encodable {
      let top1Accuracy: Proportion
      /// Nil where there are no more than five classes.
      let top5Accuracy: Proportion?
      let macroF1: Double
      let expectedCalibrationError: Double
      let reliability: [Calibration.Bin]
      /// All pairs of different classes that occurred, most often first.
      let confusions: [Confusion]
      /// All pairs that occurred, those of the same class among them, in the order of the classes: what is not there is 0.
      let confusionMatrix: [Confusion]
    }

    struct Labels: Encodable {
      let meanAveragePrecisionAt100: Double
      /// Whether labels count by weights in the figure before.
      let isWeighted: Bool
      let meanAveragePrecision: Double
      /// The share of pictures that got exactly their labels.
      let exactMatches: Proportion
      let microF1: Double
      let macroF1: Double
    }

    let file: String
    let precision: String
    /// The file and the precision.
    var title: String { "\(file) (\(precision))" }
    let kind: String
    let classes: Classes?
    let labels: Labels?
    /// Of the classes or labels that pictures have or that were predicted.
    let scores: [NamedScore]
  }

  struct Pair: Encodable {
    struct Difference: Encodable {
      enum Right: String, Encodable {
        case a, b, neither
        /// A class that the models call by different names.
        case both

        init(isFirst: Bool, isSecond: Bool) { self = isFirst ? isSecond ? .both : .a : isSecond ? .b : .neither }
      }

      let picture: String
      let truth: String
      let a: String
      let b: String
      /// Which of them says what is right.
      let right: Right
    }

    /// The titles of both.
    let a: String
    let b: String
    /// What is compared: `class`, or `labels`, which are right if there is none too many and none too few.
    let compared: String
    /// The share of pictures of which both say the same.
    let agreement: Proportion
    let mcNemar: McNemar
    /// The pictures of which they say different things.
    let differences: [Difference]
  }

  struct Failure: Encodable {
    let picture: String
    let error: String
  }

  let pictures: Int
  let models: [Model]
  let pairs: [Pair]
  /// The pictures that were not classified, which count for nothing.
  let failures: [Failure]

  init(_ run: EvaluationRun) {
    pictures = run.pictures.count - run.failures.count
    models = run.models.map(Model.init)
    pairs = run.models.indices.flatMap { a in
      run.models.indices[(a + 1)...].compactMap { b in Pair(run, a, b) }
    }
    failures = run.failures.map { Failure(picture: $0.picture, error: $0.error) }
  }
}

extension EvaluationReport.Model {
  fileprivate init(_ model: EvaluatedModel) {
    file = model.file
    precision = model.classifier.precision.rawValue
    kind = model.classifier.kind.description
    let allScores: [ClassScore]
    switch model.findings {
    case .classes(let evaluation, _):
      allScores = evaluation.matrix.classScores
      labels = nil
      classes = Classes(
        top1Accuracy: evaluation.top1Accuracy,
        top5Accuracy: model.classifier.classCount > 5 ? evaluation.top5Accuracy : nil, macroF1: allScores.seen.macroF1,
        expectedCalibrationError: evaluation.calibration.expectedError, reliability: evaluation.calibration.bins,
        confusions: evaluation.matrix.confusions(atMost: .max).map { Confusion($0.pair, $0.count, of: model) },
        confusionMatrix: evaluation.matrix.cells.map { Confusion($0.pair, $0.count, of: model) })
    case .labels(let evaluation, _):
      allScores = evaluation.labelScores()
      classes = nil
      labels = Labels(
        meanAveragePrecisionAt100: evaluation.meanAveragePrecision(at: 100, weights: model.weights),
        isWeighted: model.weights != nil, meanAveragePrecision: evaluation.meanAveragePrecision,
        exactMatches: evaluation.exactMatches(), microF1: evaluation.microF1(), macroF1: allScores.macroF1)
    }
    scores = allScores.enumerated().filter { $0.element.support > 0 || $0.element.predicted > 0 }
      .map { NamedScore(name: model.className($0.offset), score: $0.element) }
  }
}

extension EvaluationReport.Model.Confusion {
  fileprivate init(_ pair: ConfusionMatrix.Pair, _ count: Int, of model: EvaluatedModel) {
    self.init(truth: model.className(pair.truth), predicted: model.className(pair.predicted), count: count)
  }
}

extension EvaluationReport.Pair {
  /// Nil where one model tells classes and the other labels.
  fileprivate init?(_ run: EvaluationRun, _ first: Int, _ second: Int) {
    let (one, other) = (run.models[first], run.models[second])
    switch (one.findings, other.findings) {
    case (.classes, .classes): compared = "class"
    case (.labels, .labels): compared = "labels"
    default: return nil
    }
    (a, b) = (one.title, other.title)
    let answers = Array(zip(one.answers, other.answers))
    // By name: two models may have their classes in different orders.
    agreement = Proportion(answers.count { $0.names == $1.names }, of: answers.count)
    let split = answers.filter { $0.isCorrect != $1.isCorrect }
    let onlyFirst = split.count { $0.0.isCorrect }
    mcNemar = McNemar(onlyFirst: onlyFirst, onlySecond: split.count - onlyFirst)
    differences = answers.filter { $0.names != $1.names || $0.isCorrect != $1.isCorrect }.map {
      let entry = run.pictures.truth.entries[$0.picture]
      let texts = [entry.labels, $0.names, $1.names].map { $0.joined(separator: "; ") }
      return Difference(
        picture: entry.picture, truth: texts[0], a: texts[1], b: texts[2],
        right: .init(isFirst: $0.isCorrect, isSecond: $1.isCorrect))
    }
  }
}
