/// For each computed pixel along one side of the upright image, a run of the stored image's pixels and their weights;
/// none, where it is black.
struct SamplingWindows<Weight: Sendable>: Sendable {
  /// The pixel of each run's first weight.
  private(set) var starts: [Int] = []
  /// Where each run's weights are in `weights`; one more than there are runs.
  private(set) var offsets: [Int] = [0]
  private(set) var weights: [Weight] = []
  /// From the pixel of a weight to that of the next: 1, or -1 where the stored image runs the other way.
  private(set) var step = 1

  var count: Int { starts.count }

  /// The pixels of a run.
  func pixels(_ index: Int) -> Range<Int> {
    let length = offsets[index + 1] - offsets[index]
    return step > 0 ? starts[index]..<starts[index] + length : starts[index] - length + 1..<starts[index] + 1
  }

  /// The pixels that all runs together read. The starts and ends of the runs never fall, or never rise.
  var extent: Range<Int> {
    guard count > 0 else { return 0..<0 }
    let (first, last) = (pixels(0), pixels(count - 1))
    return min(first.lowerBound, last.lowerBound)..<max(first.upperBound, last.upperBound)
  }

  /// The most pixels of a run.
  var longest: Int { (0..<count).map { pixels($0).count }.max() ?? 0 }

  /// The computed pixels in the order in which the stored image has theirs.
  var storedOrder: [Int] { step > 0 ? Array(0..<count) : (0..<count).reversed() }

  /// The same, where the stored image of so many pixels runs the other way.
  func reversed(_ isReversed: Bool, size: Int) -> Self {
    guard isReversed else { return self }
    var windows = self
    windows.step = -step
    windows.starts = starts.map { size - 1 - $0 }
    return windows
  }

  /// For each pixel that a side uses, a run of the image with its margins, less the pixels in these: black adds nothing.
  fileprivate init(of side: ResizedSide, _ run: (Int) -> (start: Int, weights: [Weight])) {
    for index in side.used {
      let (start, weights) = (0..<side.size).contains(index) ? run(index) : (index < 0 ? 0 : side.paddedSize, [])
      let first = start - side.margin
      let lower = min(max(first, 0), side.imageSize)
      let upper = min(max(first + weights.count, lower), side.imageSize)
      starts.append(lower)
      self.weights += weights.dropFirst(max(lower - first, 0)).prefix(upper - lower)
      offsets.append(self.weights.count)
    }
  }
}

/// A filter whose support grows with the scale when an image shrinks.
enum ConvolutionFilter {
  case bilinear, bicubic

  /// In pixels, to either side.
  fileprivate var support: Double { self == .bilinear ? 1 : 2 }

  fileprivate func callAsFunction(_ distance: Double) -> Double {
    let x = abs(distance)
    switch self {
    case .bilinear: return x < 1 ? 1 - x : 0
    case .bicubic:  // Keys's cubic convolution, a = -0.5
      let a = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    }
  }
}

extension SamplingWindows<Int32> {
  /// Bits of the fraction of a weight. 255 times weights whose sum is 1, even with cubic overshoot of a quarter, fit 32
  /// bits.
  static var fractionBits: Int32 { 22 }

  /// Pillow's convolution (its precision for 8-bit images included): the window is centered on the pixel, widened by the
  /// scale, cut at the image's edges, and its weights add up to 1.
  static func convolution(_ filter: ConvolutionFilter, _ side: ResizedSide) -> Self {
    let scale = Double(side.paddedSize) / Double(side.size)
    let widening = max(scale, 1)
    let support = filter.support * widening
    return Self(of: side) { index in
      let center = (Double(index) + 0.5) * scale
      let start = max(0, Int(center - support + 0.5))
      let end = min(side.paddedSize, Int(center + support + 0.5))
      var run = (start..<end).map { filter((Double($0) - center + 0.5) * (1 / widening)) }
      let sum = run.reduce(0, +)
      if sum != 0 { for place in run.indices { run[place] /= sum } }
      let one = Double(1 << fractionBits)
      return (start, run.map { Int32(($0 * one) + ($0 < 0 ? -0.5 : 0.5)) })
    }
  }
}

extension SamplingWindows<Float> {
  /// Where a resized pixel's center lies in the image, in TensorFlow's single precision.
  private static func place(of index: Int, _ side: ResizedSide) -> Float {
    (Float(index) + 0.5) * (Float(side.paddedSize) / Float(side.size)) - 0.5
  }

  /// The two neighbors, as `tf.image.resize` weights them; one at the edges.
  static func bilinear(_ side: ResizedSide) -> Self {
    Self(of: side) { index in
      let place = place(of: index, side)
      let lower = place.rounded(.down)
      let fraction = place - lower
      let start = min(max(0, Int(lower)), side.paddedSize - 1)
      return (start, lower < 0 || start == side.paddedSize - 1 ? [1] : [1 - fraction, fraction])
    }
  }

  /// The four neighbors, as `tf.image.resize` weights them: Keys's cubic convolution with a = -0.5, the fraction
  /// rounded to 1/1024; neighbors outside the image do not count and the others' weights are scaled to add up to 1.
  static func bicubic(_ side: ResizedSide) -> Self {
    Self(of: side) { index in
      let place = place(of: index, side)
      let lower = place.rounded(.down)
      let fraction = ((place - lower) * 1024).rounded(.toNearestOrEven) / 1024
      let first = Int(lower) - 1
      let inside = max(0, first)..<min(side.paddedSize, first + 4)
      let run = inside.map { Float(ConvolutionFilter.bicubic(Double($0 - first - 1) - Double(fraction))) }
      let sum = run.reduce(0, +)
      return (inside.lowerBound, run.map { $0 / sum })
    }
  }
}

extension SamplingWindows<Void> {
  /// The nearest pixel: `floor((i + 0.5) * imageSize / size)`, found by repeated addition in double precision as
  /// Pillow's `NEAREST` finds it, since the rounding of the sum decides where the product is close to a whole number.
  ///
  /// `tf.image.resize` multiplies in single precision instead; see `Preprocessing.Filter.nearest`.
  static func nearest(_ side: ResizedSide) -> Self {
    let scale = Double(side.paddedSize) / Double(side.size)
    let first = max(side.used.lowerBound, 0)
    var place = scale * 0.5
    for _ in 0..<first { place += scale }
    var places: [Double] = []
    while first + places.count < min(side.used.upperBound, side.size) {
      places.append(place)
      place += scale
    }
    return Self(of: side) { (min(Int(places[$0 - first]), side.paddedSize - 1), [()]) }
  }
}
