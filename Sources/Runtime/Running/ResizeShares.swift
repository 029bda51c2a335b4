import ModelGraph

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The positions that a new one is made of by a filter wider than its neighbors, and the share of each.
struct ResizeShares {
  private(set) var first = 0
  private(set) var count = 0
  private(set) var shares = InlineArray<10, Float>(repeating: 0)

  init(of index: Int, _ filter: Resize.Filter, from size: Int, to target: Int) {
    let radius = filter == .bicubic ? 2 : filter == .lanczos3 ? 3 : 5
    // In single precision, as TensorFlow computes it.
    let place = (Float(index) + 0.5) * (Float(size) / Float(target)) - 0.5
    let lower = place.rounded(.down)
    let start = Int(lower) - radius + 1
    first = max(0, start)
    count = min(size, start + 2 * radius) - first
    var sum: Float = 0
    for position in 0..<count {
      let offset = Float(first + position) - lower
      shares[position] =
        filter == .bicubic
        ? Self.cubic(abs(offset - ((place - lower) * 1024).rounded() / 1024))
        : Self.lanczos(abs(Double(offset) - Double(place - lower)), radius: Double(radius))
      sum += shares[position]
    }
    for position in 0..<count { shares[position] /= sum }
  }

  /// Keys's cubic convolution with the coefficient -0.5.
  private static func cubic(_ distance: Float) -> Float {
    if distance <= 1 { return (1.5 * distance - 2.5) * distance * distance + 1 }
    return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * -0.5 : 0
  }

  private static func lanczos(_ distance: Double, radius: Double) -> Float {
    guard distance > 1e-3 else { return 1 }
    let angle = Double.pi * distance
    return distance < radius ? Float(radius * sin(angle) * sin(angle / radius) / (angle * angle)) : 0
  }
}
