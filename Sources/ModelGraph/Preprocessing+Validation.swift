/// A preprocessing that contradicts itself or the input it is for.
public struct PreprocessingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The property of `Preprocessing` that is wrong.
  public let property: String
  public let found: String
  public let expected: String

  public var description: String { "preprocessing: \(property) is \(found), expected \(expected)" }
}

extension Preprocessing {
  /// Checks every value, and that the geometry can fill the input.
  ///
  /// - Parameter inputShape: must be height x width x 3.
  package func validate(inputShape: Shape) throws(PreprocessingError) {
    func require(
      _ condition: Bool, _ property: String, _ found: some Any, _ expected: String
    ) throws(PreprocessingError) {
      guard condition else {
        throw PreprocessingError(property: property, found: "\(found)", expected: expected)
      }
    }
    guard case .map(let height, let width, 3) = inputShape, height > 0, width > 0 else {
      throw PreprocessingError(
        property: "the input's shape", found: "\(inputShape)", expected: "height x width x 3")
    }
    try require(divisor.isFinite && divisor > 0, "divisor", divisor, "a positive finite number")
    try require(mean.count == 3 && mean.allSatisfy(\.isFinite), "mean", mean, "3 finite numbers")
    try require(
      standardDeviation.count == 3 && standardDeviation.allSatisfy { $0.isFinite && $0 > 0 }, "standardDeviation",
      standardDeviation, "3 positive finite numbers")
    if case .centerCrop(let shorterSide) = geometry {
      let least = max(height, width)
      try require(
        shorterSide >= least && shorterSide <= Self.largestShorterSide, "the shorter side", shorterSide,
        "\(least) (the input's larger side) to \(Self.largestShorterSide)")
    }
  }

  /// Above any image that is decoded; the product with an image's side stays far below overflow.
  private static let largestShorterSide = 1 << 20
}
