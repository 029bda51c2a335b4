import ModelGraph

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The filters of `tf.image.resize` without antialiasing, in its single precision.
extension SamplingWindows<Float> {
  /// - Precondition: The filter averages, as all but the nearest ones do.
  static func of(_ filter: Preprocessing.Filter) -> (ResizedSide) -> Self {
    switch filter {
    case .bilinear: bilinear
    case .bicubic: bicubic
    case .lanczos3: { lanczos(radius: 3, $0) }
    case .lanczos5: { lanczos(radius: 5, $0) }
    case .area: area
    case .nearest, .tensorFlowNearest: preconditionFailure("a nearest pixel has no weight")
    }
  }

  /// Where a resized pixel's center lies.
  private static func place(of index: Int, _ side: ResizedSide) -> Float {
    (Float(index) + 0.5) * (Float(side.region.count) / Float(side.size)) - 0.5
  }

  /// The two neighbors; one at the edges.
  static func bilinear(_ side: ResizedSide) -> Self {
    let last = side.region.count - 1
    return Self(of: side) { index in
      let lower = place(of: index, side).rounded(.down)
      let start = min(max(0, Int(lower)), last)
      return start..<start + (lower < 0 || start == last ? 1 : 2)
    } weights: { index, window in
      let place = place(of: index, side)
      let fraction = place - place.rounded(.down)
      return window.count == 1 ? [1] : [1 - fraction, fraction]
    }
  }

  /// The four neighbors: Keys's cubic convolution with a = -0.5, the fraction rounded to 1/1024; neighbors outside the
  /// region do not count and the others' weights are scaled to add up to 1.
  static func bicubic(_ side: ResizedSide) -> Self {
    Self(of: side) { index in
      let first = Int(place(of: index, side).rounded(.down)) - 1
      return max(0, first)..<min(side.region.count, first + 4)
    } weights: { index, window in
      let place = place(of: index, side)
      let lower = place.rounded(.down)
      let fraction = ((place - lower) * 1024).rounded(.toNearestOrEven) / 1024
      let run = window.map { Float(ConvolutionFilter.bicubic(Double($0 - Int(lower)) - Double(fraction))) }
      return scaled(run)
    }
  }

  /// The pixels whose centers are at most so far away, by Lanczos's kernel; their weights are scaled to add up to 1.
  static func lanczos(radius: Float, _ side: ResizedSide) -> Self {
    let scale = 1 / (Float(side.size) / Float(side.region.count))
    func center(_ index: Int) -> Float { (Float(index) + 0.5) * scale }
    return Self(of: side) { index in
      let center = center(index)
      let first = Int((center - radius - 0.5).rounded(.up))
      let last = Int((center + radius - 0.5).rounded(.down))
      return min(max(0, first), side.region.count - 1)..<min(max(0, last), side.region.count - 1) + 1
    } weights: { index, window in
      let center = center(index)
      return scaled(window.map { lanczos(abs(Float($0) + 0.5 - center), radius: radius) })
    }
  }

  private static func lanczos(_ distance: Float, radius: Float) -> Float {
    guard distance <= radius else { return 0 }
    guard distance > 1e-3 else { return 1 }
    let angle = Float.pi * distance
    return radius * sin(angle) * sin(angle / radius) / (angle * angle)
  }

  private static func scaled(_ run: [Float]) -> [Float] {
    let sum = run.reduce(0, +)
    return sum == 0 ? run : run.map { $0 / sum }
  }

  /// The pixels that the new one covers, each by the part of it that is covered.
  static func area(_ side: ResizedSide) -> Self {
    let scale = Float(side.region.count) / Float(side.size)
    return Self(of: side) { index in
      let first = Int((Float(index) * scale).rounded(.down))
      return first..<min(Int((Float(index + 1) * scale).rounded(.up)), side.region.count)
    } weights: { index, window in
      let (start, end) = (Float(index) * scale, Float(index + 1) * scale)
      return window.map { pixel in
        let (isFirst, isLast) = (Float(pixel) < start, Float(pixel + 1) > end)
        if isFirst { return isLast ? 1 : (Float(pixel + 1) - start) / scale }
        return (isLast ? end - Float(pixel) : 1) / scale
      }
    }
  }
}
