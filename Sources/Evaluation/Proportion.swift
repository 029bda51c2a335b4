/// A share of counted pictures.
package struct Proportion: Hashable, Sendable {
  package let count: Int
  package let total: Int

  package init(_ count: Int, of total: Int) {
    self.count = count
    self.total = total
  }

  /// Zero where nothing was counted.
  package var value: Double { total == 0 ? 0 : Double(count) / Double(total) }

  /// Wilson's score interval, which holds the true share in 95 % of such samples: Wilson, "Probable Inference, the Law of
  /// Succession, and Statistical Inference" (1927). Unlike the normal approximation it stays inside 0 to 1 and is not
  /// empty at its ends. Everything from 0 to 1 where nothing was counted.
  package var interval: ClosedRange<Double> {
    guard total > 0 else { return 0...1 }
    // The standard normal distribution's 97.5 % quantile.
    let z = 1.959963984540054
    let n = Double(total)
    let scale = 1 + z * z / n
    let center = (value + z * z / (2 * n)) / scale
    let half = z / scale * (value * (1 - value) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, center - half)...min(1, center + half)
  }
}

extension Proportion: Encodable {
  private enum Key: String, CodingKey {
    case value, count, total, low, high
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(value, forKey: .value)
    try container.encode(count, forKey: .count)
    try container.encode(total, forKey: .total)
    try container.encode(interval.lowerBound, forKey: .low)
    try container.encode(interval.upperBound, forKey: .high)
  }
}
