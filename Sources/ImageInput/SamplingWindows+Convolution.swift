import ModelGraph

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A filter whose support grows with the scale when an image shrinks.
enum ConvolutionFilter {
  case bilinear, bicubic, lanczos3, lanczos5

  /// Nil for the filters that antialiasing does not change.
  init?(_ filter: Preprocessing.Filter) {
    switch filter {
    case .bilinear: self = .bilinear
    case .bicubic: self = .bicubic
    case .lanczos3: self = .lanczos3
    case .lanczos5: self = .lanczos5
    case .nearest, .tensorFlowNearest, .area: return nil
    }
  }

  /// In pixels, to either side.
  fileprivate var support: Double {
    switch self {
    case .bilinear: 1
    case .bicubic: 2
    case .lanczos3: 3
    case .lanczos5: 5
    }
  }

  func callAsFunction(_ distance: Double) -> Double {
    let x = abs(distance)
    switch self {
    case .bilinear: return x < 1 ? 1 - x : 0
    case .bicubic:  // Keys's cubic convolution, a = -0.5
      let a = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    case .lanczos3, .lanczos5: return x < support ? Self.sinc(x) * Self.sinc(x / support) : 0
    }
  }

  private static func sinc(_ x: Double) -> Double {
    let angle = Double.pi * x
    return angle == 0 ? 1 : sin(angle) / angle
  }
}

extension SamplingWindows<Int32> {
  /// Bits of the fraction of a weight. 255 times weights whose magnitudes add up to less than 2, as those of 5 Lanczos pixels
  /// do, fit 32 bits.
  static var fractionBits: Int32 { 22 }

  /// Pillow's convolution (its precision for 8-bit images included): the window is centered on the pixel, widened by the
  /// scale, cut at the edges of what is resized, and its weights add up to 1.
  ///
  /// - Parameter computed: is told the number of weights of each window that is computed.
  static func convolution(
    _ filter: ConvolutionFilter, _ side: ResizedSide, computed: (Int) -> Void = { _ in }
  ) -> Self {
    let scale = Double(side.region.count) / Double(side.size)
    let widening = max(scale, 1)
    let support = filter.support * widening
    func center(_ index: Int) -> Double { (Double(index) + 0.5) * scale }
    return Self(of: side) { index in
      let center = center(index)
      return max(0, Int(center - support + 0.5))..<min(side.region.count, Int(center + support + 0.5))
    } weights: { index, window in
      computed(window.count)
      let center = center(index)
      var run = window.map { filter((Double($0) - center + 0.5) * (1 / widening)) }
      let sum = run.reduce(0, +)
      if sum != 0 { for place in run.indices { run[place] /= sum } }
      let one = Double(1 << fractionBits)
      return run.map { Int32(($0 * one) + ($0 < 0 ? -0.5 : 0.5)) }
    }
  }
}
