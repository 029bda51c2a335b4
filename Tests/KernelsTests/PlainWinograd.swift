/// Winograd's F(4x4,3x3), F(4x4,5x5) or F(6x6,3x3) with products of 16-bit integers in plain loops, in the kernels' order of
/// operations, so that a plan must give the same bits.
struct PlainWinograd {
  let height: Int
  let width: Int
  let channels: Int
  let columns: Int
  /// What the largest value that a window's points could have becomes; of wide windows, the largest that they have.
  let limit: Float
  /// Whether quotients are multiplied and added with one rounding.
  let isFused: Bool
  /// The taps of a side, and the pixels that a window gives.
  var taps = 3
  var pixels = 4

  /// Of a side.
  private var points: Int { taps + pixels - 1 }
  private var isWide: Bool { points == 8 }

  /// The sums of a convolution with zeros around, and their bias, `[height][width][columns]`.
  ///
  /// - Parameter kernel: `[taps][taps][channels][columns]`
  func run(_ input: [Float], kernel: [Float], bias: [Float]) -> [Float] {
    let weights = (0..<columns).map { column in
      (0..<points * points).map { point in
        integers(
          (0..<channels).map { channel in
            transformed(point) { kernel[($0 * channels + channel) * columns + column] }
          }, point)
      }
    }
    var output = [Float](repeating: 0, count: height * width * columns)
    for top in stride(from: 0, to: height, by: pixels) {
      for left in stride(from: 0, to: width, by: pixels) {
        let rows = rows(of: input, top: top - taps / 2, left: left - taps / 2)
        for column in 0..<columns {
          let sums = rows.points.indices.map { rows.points[$0].sum(weights[column][$0]) * weights[column][$0].scale }
          let window = back(sums)
          for y in 0..<min(pixels, height - top) {
            for x in 0..<min(pixels, width - left) {
              output[((top + y) * width + left + x) * columns + column] = sum(bias[column], window[y][x], rows.scale)
            }
          }
        }
      }
    }
    return output
  }

  /// The channels of a window at each of its points, and the scale that they share.
  private func rows(of input: [Float], top: Int, left: Int) -> (points: [ShortRow], scale: Float) {
    var values = [[Float]](repeating: [], count: points * points)
    var largest: Float = 0
    for channel in 0..<channels {
      let lines = (0..<points).map { y in
        transform(
          (0..<points).map { x in
            let (y, x) = (top + y, left + x)
            guard y >= 0, y < height, x >= 0, x < width else { return 0 }
            let value = input[(y * width + x) * channels + channel]
            largest = max(largest, value.magnitude)
            return value
          })
      }
      for x in 0..<points {
        for (y, value) in transform(lines.map { $0[x] }).enumerated() { values[y * points + x].append(value) }
      }
    }
    if isWide { largest = values.joined().reduce(0) { max($0, $1.magnitude) } }
    let factors = ShortRow.factors(of: largest, limit: limit)
    let rows = values.enumerated().map { point, values in
      ShortRow(values, up: factors.up * (1 / growth(point)), scale: factors.down, isFused: isFused)
    }
    return (rows, factors.down)
  }

  /// By how much more than the largest input a value of a point may be; of wide windows, values are known.
  private func growth(_ point: Int) -> Float {
    let (p, q, p2, q2) = (Self.p, Self.q, Self.p2, Self.q2)
    func growth(_ index: Int) -> Float {
      [(1 + p2) * (1 + q2), (1 + p) * (1 + q2), (1 + p2) * (1 + q)][[0, 1, 1, 2, 2, 0][index]]
    }
    return isWide ? 1 : growth(point / 6) * growth(point % 6)
  }

  /// A column at a point: as large as sums in 32 bits allow.
  private func integers(_ values: [Float], _ point: Int) -> ShortRow {
    let meanLimit = Float(Int32.max) / (limit + 1) / Float(channels) - 1
    let mean = values.reduce(0) { sum($0, $1.magnitude, 1 / Float(channels)) }
    let top = values.reduce(0) { max($0, $1.magnitude) }
    let (up, down) = ShortRow.factors(of: max(mean, top * (meanLimit / 32_767)), limit: meanLimit)
    return ShortRow(values, up: up, scale: down * growth(point), isFused: isFused)
  }

  private static let (p, q): (Float, Float) = (5 / 8, 3 / 2)
  private static let (p2, q2): (Float, Float) = (p * p, q * q)

  private func transform(_ d: [Float]) -> [Float] {
    if isWide { return wideTransform(d) }
    let (p, q, p2, q2) = (Self.p, Self.q, Self.p2, Self.q2)
    let (a, b) = (sum(d[4], -q2, d[2]), sum(d[3], -q2, d[1]))
    let (c, e) = (sum(d[4], -p2, d[2]), sum(d[3], -p2, d[1]))
    let first = sum(a, -p2, sum(d[2], -q2, d[0]))
    let last = sum(sum(d[5], -q2, d[3]), -p2, b)
    return [first, a + p * b, a - p * b, c + q * e, c - q * e, last]
  }

  /// The points 0, +-1/2, +-1, +-2 and infinity.
  private func wideTransform(_ d: [Float]) -> [Float] {
    func sums(_ squares: Float, _ product: Float) -> (even: Float, odd: Float) {
      (sum(sum(d[6], -squares, d[4]), product, d[2]), sum(sum(d[5], -squares, d[3]), product, d[1]))
    }
    let (half, one, two) = (sums(5, 4), sums(4.25, 1), sums(1.25, 0.25))
    return [
      sum(d[6], 5.25, d[2] - d[4]) - d[0], sum(half.even, 0.5, half.odd), sum(half.even, -0.5, half.odd),
      one.even + one.odd, one.even - one.odd, sum(two.even, 2, two.odd), sum(two.even, -2, two.odd),
      sum(d[7], 5.25, d[3] - d[5]) - d[1],
    ]
  }

  private func transformed(_ point: Int, _ tap: (Int) -> Float) -> Float {
    let (down, across) = (factors(point / points), factors(point % points))
    let lines = (0..<taps).map { y in weightedSum((0..<taps).map { tap(taps * y + $0) }, across) }
    return weightedSum(lines, down)
  }

  private func weightedSum(_ values: [Float], _ factors: [Float]) -> Float {
    zip(values, factors).dropFirst().reduce(values[0] * factors[0]) { $0 + $1.0 * $1.1 }
  }

  /// Of the taps at a point.
  private func factors(_ point: Int) -> [Float] {
    if point == points - 1 { return (0..<taps).map { $0 == taps - 1 ? 1 : 0 } }
    if !isWide {
      let factors: [[Float]] = [
        [256 / 225, 0, 0], [-2048 / 2975, -1280 / 2975, -800 / 2975], [-2048 / 2975, 1280 / 2975, -800 / 2975],
        [128 / 1071, 192 / 1071, 288 / 1071], [128 / 1071, -192 / 1071, 288 / 1071],
      ]
      return factors[point]
    }
    let firsts: [Float] = [-1, 32 / 45, 32 / 45, -2 / 9, -2 / 9, 1 / 90, 1 / 90]
    let places: [Float] = [0, 0.5, -0.5, 1, -1, 2, -2]
    var factors = [firsts[point]]
    while factors.count < taps { factors.append(factors[factors.count - 1] * places[point]) }
    return factors
  }

  /// From points to pixels.
  private func back(_ sums: [Float]) -> [[Float]] {
    let lines = (0..<points).map { y in output((0..<points).map { sums[y * points + $0] }) }
    let columns = (0..<pixels).map { x in output((0..<points).map { lines[$0][x] }) }
    return (0..<pixels).map { y in columns.map { $0[y] } }
  }

  private func output(_ m: [Float]) -> [Float] {
    if isWide { return wideOutput(m) }
    let (p, q, p2, q2) = (Self.p, Self.q, Self.p2, Self.q2)
    let (a, b) = (m[1] + m[2], m[1] - m[2])
    let (c, e) = (m[3] + m[4], m[3] - m[4])
    return [m[0] + a + c, sum(p * b, q, e), sum(p2 * a, q2, c), sum(sum(m[5], p * p2, b), q * q2, e)]
  }

  private func wideOutput(_ m: [Float]) -> [Float] {
    let (a, c, e) = (m[1] + m[2], m[3] + m[4], m[5] + m[6])
    let (b, d, f) = (m[1] - m[2], m[3] - m[4], m[5] - m[6])
    return (0..<pixels).map { pixel in
      if pixel == 0 { return m[0] + a + (c + e) }
      let large = Float(1 << pixel)
      let small = 1 / large
      if pixel % 2 == 0 { return sum(sum(c, small, a), large, e) }
      return sum(sum(pixel == pixels - 1 ? m[7] + d : d, small, b), large, f)
    }
  }

  /// `sum + factor * value`
  private func sum(_ sum: Float, _ factor: Float, _ value: Float) -> Float {
    isFused ? sum.addingProduct(factor, value) : sum + factor * value
  }
}
