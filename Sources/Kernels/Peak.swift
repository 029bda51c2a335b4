extension VectorUnit {
  /// Enough independent sums to hide the latency of the multiply-add, and nothing else.
  @inlinable @inline(__always)
  public static func multiplyAdds(_ count: Int) -> Float {
    var sums = InlineArray<6, Columns>(repeating: .zero)
    let factor = Columns(repeating: 0.999)
    let term = Columns(repeating: 0.001)
    for _ in 0..<count {
      for index in 0..<6 { multiplyAdd(&sums[index], factor, term) }
    }
    var total = Columns.zero
    for index in 0..<6 { total += sums[index] }
    return total[0]
  }
}
