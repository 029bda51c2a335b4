/// `gamma * (x - mean) / sqrt(variance + epsilon) + beta`, the mean and the variance being those of each position's channels
/// (Ba et al. 2016, "Layer Normalization").
///
/// Parameters, those present in this order: gamma, beta.
package struct LayerNormalization: Hashable, Sendable {
  package var epsilon: Float
  package var hasGamma: Bool
  package var hasBeta: Bool

  package init(epsilon: Float = 0.001, hasGamma: Bool = true, hasBeta: Bool = true) {
    self.epsilon = epsilon
    self.hasGamma = hasGamma
    self.hasBeta = hasBeta
  }
}

extension Binary {
  /// What the values of two shapes are repeated to, or nil where they do not fit.
  func broadcast(_ first: Shape, _ second: Shape) -> Shape? {
    if first == second { return first }
    var sides: [Int] = []
    for (a, b) in zip(first.asMap.dimensions, second.asMap.dimensions) {
      guard a == b || a == 1 || b == 1 else { return nil }
      sides.append(max(a, b))
    }
    if case .vector = first, case .vector = second { return .vector(sides[2]) }
    return .map(height: sides[0], width: sides[1], channels: sides[2])
  }
}

extension Shape {
  /// A vector as a map of one position.
  package var asMap: Shape {
    if case .vector(let count) = self { .map(height: 1, width: 1, channels: count) } else { self }
  }
}
