/// How often pictures of each class were taken for each class.
///
/// Only pairs that occurred are kept, so that thousands of classes cost no more than the pictures do.
package struct ConfusionMatrix: Sendable {
  package struct Pair: Hashable, Sendable {
    package let truth: Int
    package let predicted: Int
  }

  package let classCount: Int
  package private(set) var counts: [Pair: Int] = [:]
  /// Pictures of each class.
  package private(set) var support: [Int]
  /// Pictures that were taken for each class.
  package private(set) var predicted: [Int]
  /// Pictures of each class that were taken for it.
  package private(set) var correct: [Int]

  package init(classCount: Int) {
    self.classCount = classCount
    support = Array(repeating: 0, count: classCount)
    predicted = support
    correct = support
  }

  package subscript(truth: Int, predicted: Int) -> Int { counts[Pair(truth: truth, predicted: predicted)] ?? 0 }

  package mutating func add(truth: Int, predicted: Int) {
    counts[Pair(truth: truth, predicted: predicted), default: 0] += 1
    support[truth] += 1
    self.predicted[predicted] += 1
    if truth == predicted { correct[truth] += 1 }
  }

  /// All pairs that occurred, in the order of their classes.
  package var cells: [(pair: Pair, count: Int)] {
    counts.sorted { ($0.key.truth, $0.key.predicted) < ($1.key.truth, $1.key.predicted) }
      .map { (pair: $0.key, count: $0.value) }
  }

  /// The pairs of different classes that were confused most often, most often first.
  package func confusions(atMost count: Int) -> [(pair: Pair, count: Int)] {
    counts.filter { $0.key.truth != $0.key.predicted }
      .sorted { ($1.value, $0.key.truth, $0.key.predicted) < ($0.value, $1.key.truth, $1.key.predicted) }
      .prefix(count).map { (pair: $0.key, count: $0.value) }
  }
}
