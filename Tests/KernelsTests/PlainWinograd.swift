/// Winograd's F(4x4,3x3) with products of 16-bit integers in plain loops, in the kernels' order of operations, so that a plan
/// must give the same bits.
struct PlainWinograd {
  let height: Int
  let width: Int
  let channels: Int
  let columns: Int
  /// What the largest value that a window's points could have becomes.
  let limit: Float
  /// Whether quotients are multiplied and added with one rounding.
  let isFused: Bool

  /// The sums of a convolution with zeros around, and their bias, `[height][width][columns]`.
  ///
  /// - Parameter kernel: `[3][3][channels][columns]`
  func run(_ input: [Float], kernel: [Float], bias: [Float]) -> [Float] {
    let weights = (0..<columns).map { column in
      (0..<36).map { point in
        integers(
          (0..<channels).map { channel in
            transformed(point) { kernel[($0 * channels + channel) * columns + column] }
          }, point)
      }
    }
    var output = [Float](repeating: 0, count: height * width * columns)
    for top in stride(from: 0, to: height, by: 4) {
      for left in stride(from: 0, to: width, by: 4) {
        let rows = rows(of: input, top: top - 1, left: left - 1)
        for column in 0..<columns {
          let pixels = back((0..<36).map { rows.points[$0].sum(weights[column][$0]) * weights[column][$0].scale })
          for y in 0..<min(4, height - top) {
            for x in 0..<min(4, width - left) {
              output[((top + y) * width + left + x) * columns + column] = sum(bias[column], pixels[y][x], rows.scale)
            }
          }
        }
      }
    }
    return output
  }

  /// The channels of a window at each of the 36 points, and the scale that they share.
  private func rows(of input: [Float], top: Int, left: Int) -> (points: [ShortRow], scale: Float) {
    var points = [[Float]](repeating: [], count: 36)
    var largest: Float = 0
    for channel in 0..<channels {
      let lines = (0..<6).map { y in
        transform(
          (0..<6).map { x in
            let (y, x) = (top + y, left + x)
            guard y >= 0, y < height, x >= 0, x < width else { return 0 }
            let value = input[(y * width + x) * channels + channel]
            largest = max(largest, value.magnitude)
            return value
          })
      }
      for x in 0..<6 {
        for (y, value) in transform(lines.map { $0[x] }).enumerated() { points[y * 6 + x].append(value) }
      }
    }
    let factors = ShortRow.factors(of: largest, limit: limit)
    let rows = points.enumerated().map { point, values in
      ShortRow(values, up: factors.up * (1 / Self.growth(point)), scale: factors.down, isFused: isFused)
    }
    return (rows, factors.down)
  }

  /// By how much more than the largest input a value of a point may be.
  private static func growth(_ point: Int) -> Float {
    func growth(_ index: Int) -> Float {
      [(1 + p2) * (1 + q2), (1 + p) * (1 + q2), (1 + p2) * (1 + q)][[0, 1, 1, 2, 2, 0][index]]
    }
    return growth(point / 6) * growth(point % 6)
  }

  /// A column at a point: as large as sums in 32 bits allow.
  private func integers(_ values: [Float], _ point: Int) -> ShortRow {
    let meanLimit = Float(Int32.max) / (limit + 1) / Float(channels) - 1
    let mean = values.reduce(0) { sum($0, $1.magnitude, 1 / Float(channels)) }
    let top = values.reduce(0) { max($0, $1.magnitude) }
    let (up, down) = ShortRow.factors(of: max(mean, top * (meanLimit / 32_767)), limit: meanLimit)
    return ShortRow(values, up: up, scale: down * Self.growth(point), isFused: isFused)
  }

  private static let (p, q): (Float, Float) = (5 / 8, 3 / 2)
  private static let (p2, q2): (Float, Float) = (p * p, q * q)

  private func transform(_ d: [Float]) -> [Float] {
    let (p, q, p2, q2) = (Self.p, Self.q, Self.p2, Self.q2)
    let (a, b) = (sum(d[4], -q2, d[2]), sum(d[3], -q2, d[1]))
    let (c, e) = (sum(d[4], -p2, d[2]), sum(d[3], -p2, d[1]))
    let first = sum(a, -p2, sum(d[2], -q2, d[0]))
    let last = sum(sum(d[5], -q2, d[3]), -p2, b)
    return [first, a + p * b, a - p * b, c + q * e, c - q * e, last]
  }

  private func transformed(_ point: Int, _ tap: (Int) -> Float) -> Float {
    let factors: [[Float]] = [
      [256 / 225, 0, 0], [-2048 / 2975, -1280 / 2975, -800 / 2975], [-2048 / 2975, 1280 / 2975, -800 / 2975],
      [128 / 1071, 192 / 1071, 288 / 1071], [128 / 1071, -192 / 1071, 288 / 1071], [0, 0, 1],
    ]
    let (down, across) = (factors[point / 6], factors[point % 6])
    let lines = (0..<3).map { y in
      tap(3 * y) * across[0] + tap(3 * y + 1) * across[1] + tap(3 * y + 2) * across[2]
    }
    return lines[0] * down[0] + lines[1] * down[1] + lines[2] * down[2]
  }

  /// From 36 points to 4 x 4 pixels.
  private func back(_ points: [Float]) -> [[Float]] {
    let lines = (0..<6).map { y in output((0..<6).map { points[y * 6 + $0] }) }
    let columns = (0..<4).map { x in output((0..<6).map { lines[$0][x] }) }
    return (0..<4).map { y in columns.map { $0[y] } }
  }

  private func output(_ m: [Float]) -> [Float] {
    let (p, q, p2, q2) = (Self.p, Self.q, Self.p2, Self.q2)
    let (a, b) = (m[1] + m[2], m[1] - m[2])
    let (c, e) = (m[3] + m[4], m[3] - m[4])
    return [m[0] + a + c, sum(p * b, q, e), sum(p2 * a, q2, c), sum(sum(m[5], p * p2, b), q * q2, e)]
  }

  /// `sum + factor * value`
  private func sum(_ sum: Float, _ factor: Float, _ value: Float) -> Float {
    isFused ? sum.addingProduct(factor, value) : sum + factor * value
  }
}
