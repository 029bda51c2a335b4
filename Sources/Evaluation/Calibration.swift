/// Whether a model is right as often as it says.
///
/// Answers are put into bins of equal width by their confidence, the probability of the predicted class: Guo et al.,
/// "On Calibration of Modern Neural Networks" (2017), section 2.
package struct Calibration: Sendable {
  package struct Bin: Hashable, Sendable, Encodable {
    /// The confidences of a bin: above `low`, at most `high`; the first holds 0 too.
    package let low: Double
    package let high: Double
    package fileprivate(set) var count = 0
    fileprivate var correct = 0
    fileprivate var confidenceSum = 0.0

    /// Zero where the bin is empty, as `accuracy` is.
    package var confidence: Double { count == 0 ? 0 : confidenceSum / Double(count) }
    package var accuracy: Double { Proportion(correct, of: count).value }

    private enum Key: String, CodingKey {
      case low, high, count, confidence, accuracy
    }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(low, forKey: .low)
      try container.encode(high, forKey: .high)
      try container.encode(count, forKey: .count)
      try container.encode(confidence, forKey: .confidence)
      try container.encode(accuracy, forKey: .accuracy)
    }
  }

  /// In rising order of confidence: the reliability diagram.
  package private(set) var bins: [Bin]

  package init(binCount: Int = 15) {
    bins = (0..<binCount).map {
      Bin(low: Double($0) / Double(binCount), high: Double($0 + 1) / Double(binCount))
    }
  }

  package mutating func add(confidence: Double, isCorrect: Bool) {
    // The first bin whose upper end is not below it; a confidence that rounding took above 1 belongs to the last.
    let index = bins.firstIndex { confidence <= $0.high } ?? bins.count - 1
    bins[index].count += 1
    bins[index].confidenceSum += confidence
    if isCorrect { bins[index].correct += 1 }
  }

  /// The expected calibration error: the mean distance between confidence and accuracy, weighted by the bins' answers.
  package var expectedError: Double {
    let total = bins.reduce(0) { $0 + $1.count }
    guard total > 0 else { return 0 }
    return bins.reduce(0) { $0 + Double($1.count) * ($1.accuracy - $1.confidence).magnitude } / Double(total)
  }
}
