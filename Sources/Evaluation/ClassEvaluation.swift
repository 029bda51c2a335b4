/// How well a model of exclusive classes does on pictures whose classes are known.
package struct ClassEvaluation: Sendable {
  package private(set) var matrix: ConfusionMatrix
  package private(set) var calibration = Calibration()
  private var top1 = 0
  private var top5 = 0
  private var total = 0

  package init(classCount: Int) { matrix = ConfusionMatrix(classCount: classCount) }

  /// One picture's answer.
  package struct Answer: Hashable, Sendable {
    package let predicted: Int
    /// The probability of the predicted class.
    package let confidence: Float
    /// The probability of the right class.
    package let truthProbability: Float
    /// The rank of the right class among the probabilities in falling order, from 0. Among equal ones the lower class
    /// comes first.
    package let rank: Int

    /// - Parameter probabilities: Of each class; at least one.
    package init(_ probabilities: [Float], truth: Int) {
      let right = probabilities[truth]
      predicted = probabilities.indices.reduce(0) { probabilities[$1] > probabilities[$0] ? $1 : $0 }
      confidence = probabilities[predicted]
      truthProbability = right
      rank = probabilities.enumerated().count { $0.element > right || ($0.element == right && $0.offset < truth) }
    }

    package var isCorrect: Bool { rank == 0 }
  }

  package mutating func add(_ answer: Answer, truth: Int) {
    matrix.add(truth: truth, predicted: answer.predicted)
    calibration.add(confidence: Double(answer.confidence), isCorrect: answer.isCorrect)
    total += 1
    if answer.rank < 1 { top1 += 1 }
    if answer.rank < 5 { top5 += 1 }
  }

  /// The share of pictures whose right class was the most probable.
  package var top1Accuracy: Proportion { Proportion(top1, of: total) }
  /// The share of pictures whose right class was among the five most probable.
  package var top5Accuracy: Proportion { Proportion(top5, of: total) }
}
