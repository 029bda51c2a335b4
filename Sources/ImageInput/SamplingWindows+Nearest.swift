import ModelGraph

extension SamplingWindows<Void> {
  /// Nil for filters that average.
  static func nearest(_ filter: Preprocessing.Filter) -> ((ResizedSide) -> Self)? {
    switch filter {
    case .nearest: nearest
    case .tensorFlowNearest: tensorFlowNearest
    case .bilinear, .bicubic, .lanczos3, .lanczos5, .area: nil
    }
  }

  /// The nearest pixel: `floor((i + 0.5) * imageSize / size)`, found by repeated addition in double precision as
  /// Pillow's `NEAREST` finds it, since the rounding of the sum decides where the product is close to a whole number.
  private static func nearest(_ side: ResizedSide) -> Self {
    let scale = Double(side.region.count) / Double(side.size)
    let first = max(side.used.lowerBound, 0)
    var place = scale * 0.5
    for _ in 0..<first { place += scale }
    var places: [Double] = []
    while first + places.count < min(side.used.upperBound, side.size) {
      places.append(place)
      place += scale
    }
    return one(of: side) { places[$0 - first] }
  }

  /// The same, by a product in single precision.
  private static func tensorFlowNearest(_ side: ResizedSide) -> Self {
    let scale = Float(side.region.count) / Float(side.size)
    return one(of: side) { Double((Float($0) + 0.5) * scale) }
  }

  /// The pixel in which a place lies.
  private static func one(of side: ResizedSide, _ place: (Int) -> Double) -> Self {
    Self(of: side) { index in
      let pixel = min(Int(place(index)), side.region.count - 1)
      return pixel..<pixel + 1
    } weights: { _, _ in
      [()]
    }
  }
}
