/// How well one class is told apart from the others.
package struct ClassScore: Hashable, Sendable, Encodable {
  /// Of the pictures that were taken for the class, the share that belong to it; 0 where there are none.
  package let precision: Double
  /// Of the pictures of the class, the share that were taken for it; 0 where there are none.
  package let recall: Double
  /// The harmonic mean of both, 0 where both are.
  package let f1: Double
  /// The pictures that were taken for the class.
  package let predicted: Int
  /// The pictures of the class.
  package let support: Int

  package init(correct: Int, predicted: Int, support: Int) {
    precision = Proportion(correct, of: predicted).value
    recall = Proportion(correct, of: support).value
    f1 = Proportion(2 * correct, of: predicted + support).value
    self.predicted = predicted
    self.support = support
  }
}

extension ConfusionMatrix {
  package var classScores: [ClassScore] {
    (0..<classCount).map {
      ClassScore(correct: correct[$0], predicted: predicted[$0], support: support[$0])
    }
  }
}

extension [ClassScore] {
  /// The plain mean of F1, as scikit-learn's `f1_score(average="macro")` forms it: of independent labels over all, of classes
  /// that exclude each other over those that pictures have or were taken for.
  package var macroF1: Double { isEmpty ? 0 : reduce(0) { $0 + $1.f1 } / Double(count) }

  /// Those that pictures have or were taken for.
  package var seen: [ClassScore] { filter { $0.support + $0.predicted > 0 } }
}
