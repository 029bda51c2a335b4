/// A row or column of 16-bit integers as `QuantizeRun` makes them, in plain loops.
struct ShortRow {
  var integers: [Int]
  var scale: Float

  /// - Parameters:
  ///   - limit: What the largest magnitude becomes.
  ///   - isFused: Whether quotients are multiplied and added with one rounding.
  init(_ values: [Float], limit: Float, isFused: Bool) {
    let (up, down) = Self.factors(of: values.reduce(0) { max($0, $1.magnitude) }, limit: limit)
    self.init(values, up: up, scale: down, isFused: isFused)
  }

  init(_ values: [Float], up: Float, scale: Float, isFused: Bool) {
    let shift: Float = 0x1.8p+23
    integers = values.map { Int((isFused ? shift.addingProduct($0, up) : shift + $0 * up) - shift) }
    self.scale = scale
  }

  /// What makes `limit` of a magnitude, and the reverse.
  static func factors(of top: Float, limit: Float) -> (up: Float, down: Float) {
    top >= 0x1p-111 ? (limit / top, top / limit) : (0, 0)
  }

  func sum(_ column: ShortRow) -> Float { Float(zip(integers, column.integers).reduce(0) { $0 + $1.0 * $1.1 }) }

  func product(_ column: ShortRow) -> Float { sum(column) * (scale * column.scale) }
}
