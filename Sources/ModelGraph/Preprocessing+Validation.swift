extension Preprocessing {
  /// Checks each value by itself, whatever the input: all that a weights file and the commands demand.
  ///
  /// The values of an input must be finite too, for pixels of -510 to 765, between which the overshoot of every filter
  /// stays: of a step of 255 the one of 5 Lanczos pixels reaches -314 and 568.
  package func validateValues() throws(PreprocessingError) {
    try Self.require(divisor.isFinite && divisor > 0, "divisor", divisor, "a positive finite number")
    for mean in mean { try Self.require(mean.isFinite, "mean", mean, "finite numbers") }
    try Self.require(
      standardDeviation.count == mean.count, "standardDeviation", "\(standardDeviation.count) numbers",
      "\(mean.count), as many as the mean has")
    for deviation in standardDeviation {
      try Self.require(
        deviation.isFinite && deviation > 0, "standardDeviation", deviation, "positive finite numbers")
    }
    let pixels: [Float] = [-510, 765]
    try Self.require(
      pixels.allSatisfy { ($0 / divisor).isFinite }, "divisor", divisor, "one that leaves pixel values finite")
    for (mean, deviation) in zip(mean, standardDeviation) {
      try Self.require(
        pixels.allSatisfy { (($0 / divisor - mean) / deviation).isFinite }, "standardDeviation", deviation,
        "one that leaves input values finite")
    }
    if case .centerCrop(let shorterSide) = geometry {
      try Self.require(
        (1...Self.largestShorterSide).contains(shorterSide), "the shorter side", shorterSide,
        "1 to \(Self.largestShorterSide)")
    }
  }

  /// Checks that the center crop of a map fills it.
  package func validateGeometry(inputShape: Shape) throws(PreprocessingError) {
    guard case .map(let height, let width, _) = inputShape, case .centerCrop(let shorterSide) = geometry else { return }
    let least = max(height, width)
    try Self.require(
      shorterSide >= least, "the shorter side", shorterSide, "at least \(least), the input's larger side")
  }

  /// Checks every value, and that the geometry can fill the input.
  ///
  /// - Parameter inputShape: must be height x width x 3, x 1 for gray pictures, or x 4 for pictures with alpha.
  package func validate(inputShape: Shape) throws(PreprocessingError) {
    guard case .map(let height, let width, let channels) = inputShape, height > 0, width > 0,
      [1, 3, 4].contains(channels)
    else {
      throw PreprocessingError(
        property: "the input's shape", found: "\(inputShape)",
        expected: "height x width x 3, x 1 for gray pictures, or x 4 for pictures with alpha")
    }
    try Self.require(mean.count == channels, "mean", mean, "\(channels) finite numbers")
    try validateValues()
    try validateGeometry(inputShape: inputShape)
  }

  private static func require(
    _ condition: Bool, _ property: String, _ found: some Any, _ expected: String
  ) throws(PreprocessingError) {
    guard condition else {
      throw PreprocessingError(property: property, found: "\(found)", expected: expected)
    }
  }
}
