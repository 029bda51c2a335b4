/// For each computed pixel along one side, a run of the image's pixels and their weights.
struct SamplingWindows<Weight: Sendable>: Sendable {
  /// The first pixel of each run.
  private(set) var starts: [Int] = []
  /// Where each run's weights are in `weights`; one more than there are runs.
  private(set) var offsets: [Int] = [0]
  private(set) var weights: [Weight] = []

  var count: Int { starts.count }

  /// The pixels that all runs together read. Later runs never start or end before earlier ones.
  var extent: Range<Int> {
    guard let first = starts.first, let last = starts.last else { return 0..<0 }
    return first..<last + offsets[count] - offsets[count - 1]
  }

  fileprivate mutating func append(start: Int, _ run: some Sequence<Weight>) {
    starts.append(start)
    weights.append(contentsOf: run)
    offsets.append(weights.count)
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
    let scale = Double(side.imageSize) / Double(side.size)
    let widening = max(scale, 1)
    let support = filter.support * widening
    var windows = Self()
    for index in side.used {
      let center = (Double(index) + 0.5) * scale
      let start = max(0, Int(center - support + 0.5))
      let end = min(side.imageSize, Int(center + support + 0.5))
      var run = (start..<end).map { filter((Double($0) - center + 0.5) * (1 / widening)) }
      let sum = run.reduce(0, +)
      if sum != 0 { for place in run.indices { run[place] /= sum } }
      let one = Double(1 << fractionBits)
      windows.append(start: start, run.map { Int32(($0 * one) + ($0 < 0 ? -0.5 : 0.5)) })
    }
    return windows
  }
}

extension SamplingWindows<Float> {
  /// Where a resized pixel's center lies in the image, in TensorFlow's single precision.
  private static func place(of index: Int, _ side: ResizedSide) -> Float {
    (Float(index) + 0.5) * (Float(side.imageSize) / Float(side.size)) - 0.5
  }

  /// The two neighbors, as `tf.image.resize` weights them; one at the edges.
  static func bilinear(_ side: ResizedSide) -> Self {
    var windows = Self()
    for index in side.used {
      let place = place(of: index, side)
      let lower = place.rounded(.down)
      let fraction = place - lower
      let start = min(max(0, Int(lower)), side.imageSize - 1)
      if lower < 0 || start == side.imageSize - 1 {
        windows.append(start: start, CollectionOfOne(1))
      } else {
        windows.append(start: start, [1 - fraction, fraction])
      }
    }
    return windows
  }

  /// The four neighbors, as `tf.image.resize` weights them: Keys's cubic convolution with a = -0.5, the fraction
  /// rounded to 1/1024; neighbors outside the image do not count and the others' weights are scaled to add up to 1.
  static func bicubic(_ side: ResizedSide) -> Self {
    var windows = Self()
    for index in side.used {
      let place = place(of: index, side)
      let lower = place.rounded(.down)
      let fraction = ((place - lower) * 1024).rounded(.toNearestOrEven) / 1024
      let first = Int(lower) - 1
      let inside = max(0, first)..<min(side.imageSize, first + 4)
      let run = inside.map { Float(ConvolutionFilter.bicubic(Double($0 - first - 1) - Double(fraction))) }
      let sum = run.reduce(0, +)
      windows.append(start: inside.lowerBound, run.map { $0 / sum })
    }
    return windows
  }
}
