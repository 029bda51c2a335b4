extension VectorUnit {
  /// The natural logarithm, within 4 units of its value: minus infinity of 0, and no number below.
  ///
  /// x = 2^n m with m from sqrt(1/2) to sqrt(2), and its logarithm n ln 2 + ln m. What is too small to be a normal number is
  /// multiplied by 2^32 before.
  @inlinable @inline(__always)
  static func logarithm(_ x: Vector) -> Vector {
    let excess = x - 0x1p-126
    let bits = unsafeBitCast(select(x * 0x1p+32, whereNegative: excess, else: x), to: Integers.self)
    let exponent = (bits &- Integers(repeating: 0x3f35_04f3)) &>> Integers(repeating: 23)
    let m = unsafeBitCast(bits &- exponent &<< Integers(repeating: 23), to: Vector.self)
    let whole = floats(exponent)
    let n = select(whole - 32, whereNegative: excess, else: whole)
    let value = n * 0.693359375 + (n * -2.12194440e-4 + logarithmOfSuccessor(m - 1))
    let room = Vector(repeating: .greatestFiniteMagnitude) - x
    let finite = select(Vector(repeating: .infinity), whereNegative: room, else: value)
    let zero = select(
      Vector(repeating: -.infinity), whereNegative: x - Float.leastNonzeroMagnitude, else: finite)
    // Adding 0 turns a negative zero into a positive one.
    return keepingNaN(of: x, select(Vector(repeating: .nan), whereNegative: x + 0, else: zero))
  }
}
