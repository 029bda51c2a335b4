/// Winograd's F(2x2,3x3) with products of bytes in plain loops, in the kernels' order of operations, so that a plan must give the
/// same bits.
struct PlainByteWinograd {
  let height: Int
  let width: Int
  let channels: Int
  let columns: Int
  /// Whether quotients are multiplied and added with one rounding.
  let isFused: Bool

  /// The sums of a convolution with zeros around, and their bias, `[height][width][columns]`.
  ///
  /// - Parameter kernel: `[3][3][channels][columns]`
  func run(_ input: [Float], kernel: [Float], bias: [Float]) -> [Float] {
    let weights = (0..<columns).map { column in
      (0..<16).map { point in
        row(
          (0..<channels).map { channel in
            transformed(point) { kernel[($0 * channels + channel) * columns + column] }
          })
      }
    }
    var output = [Float](repeating: 0, count: height * width * columns)
    for top in stride(from: 0, to: height, by: 2) {
      for left in stride(from: 0, to: width, by: 2) {
        let rows = rows(of: input, top: top - 1, left: left - 1)
        for column in 0..<columns {
          let pixels = back(rows, weights[column], bias[column])
          for y in 0..<min(2, height - top) {
            for x in 0..<min(2, width - left) {
              output[((top + y) * width + left + x) * columns + column] = pixels[2 * y + x]
            }
          }
        }
      }
    }
    return output
  }

  private func row(_ values: [Float]) -> ShortRow { ShortRow(values, limit: 127, isFused: isFused) }

  /// The channels of a window at each of the 16 points.
  private func rows(of input: [Float], top: Int, left: Int) -> [ShortRow] {
    var points = [[Float]](repeating: [], count: 16)
    for channel in 0..<channels {
      let lines = (top..<top + 4).map { y in
        transform(
          (left..<left + 4).map { x in
            guard y >= 0, y < height, x >= 0, x < width else { return 0 }
            return input[(y * width + x) * channels + channel]
          })
      }
      for x in 0..<4 {
        for (y, value) in transform(lines.map { $0[x] }).enumerated() { points[4 * y + x].append(value) }
      }
    }
    return points.map(row)
  }

  private func transform(_ d: [Float]) -> [Float] { [d[0] - d[2], d[1] + d[2], d[2] - d[1], d[3] - d[1]] }

  private func transformed(_ point: Int, _ tap: (Int) -> Float) -> Float {
    let factors: [[Float]] = [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]]
    let (down, across) = (factors[point / 4], factors[point % 4])
    let lines = (0..<3).map { y in
      tap(3 * y) * across[0] + tap(3 * y + 1) * across[1] + tap(3 * y + 2) * across[2]
    }
    return lines[0] * down[0] + lines[1] * down[1] + lines[2] * down[2]
  }

  /// From 16 points to 2 x 2 pixels.
  private func back(_ rows: [ShortRow], _ weights: [ShortRow], _ bias: Float) -> [Float] {
    let lines = (0..<4).map { y in
      let values = (0..<4).map { rows[4 * y + $0].sum(weights[4 * y + $0]) * weights[4 * y + $0].scale }
      let scales = (0..<4).map { rows[4 * y + $0].scale }
      let (a, b) = (values[1] * scales[1], values[2] * scales[2])
      return [sum(a + b, values[0], scales[0]), sum(a - b, values[3], scales[3])]
    }
    return [
      bias + lines[0][0] + (lines[1][0] + lines[2][0]), bias + lines[0][1] + (lines[1][1] + lines[2][1]),
      bias + lines[3][0] + (lines[1][0] - lines[2][0]), bias + lines[3][1] + (lines[1][1] - lines[2][1]),
    ]
  }

  /// `sum + factor * value`
  private func sum(_ sum: Float, _ factor: Float, _ value: Float) -> Float {
    isFused ? sum.addingProduct(factor, value) : sum + factor * value
  }
}
