extension VectorUnit {
  /// The values in the low halves of words.
  @inlinable @inline(__always)
  static func low(of words: Vector) -> Vector {
    unsafeBitCast(unsafeBitCast(words, to: Integers.self) &<< Integers(repeating: 16), to: Vector.self)
  }

  /// The values in the high halves of words.
  @inlinable @inline(__always)
  static func high(of words: Vector) -> Vector {
    unsafeBitCast(unsafeBitCast(words, to: Integers.self) & Integers(repeating: -0x10000), to: Vector.self)
  }

  @inlinable @inline(__always)
  public static func packed(_ low: Vector, _ high: Vector) -> Vector {
    let low = (rounded(low) &>> Integers(repeating: 16)) & Integers(repeating: 0xffff)
    return unsafeBitCast(low | (rounded(high) & Integers(repeating: -0x10000)), to: Vector.self)
  }

  /// Words whose high halves are the nearest bf16 values, ties to even.
  @inlinable @inline(__always)
  static func rounded(_ values: Vector) -> Integers {
    let bits = unsafeBitCast(values, to: Integers.self)
    let odd = (bits &>> Integers(repeating: 16)) & Integers(repeating: 1)
    let isNaN = nanMask(bits)
    let step = (Integers(repeating: 0x7fff) &+ odd) & ~isNaN
    return (bits &+ step) | (isNaN & Integers(repeating: 0x40_0000))
  }

  /// All ones where a value is NaN; generic code would compare integers one by one.
  @inlinable @inline(__always)
  static func nanMask(_ bits: Integers) -> Integers {
    (Integers(repeating: 0x7f80_0000) &- (bits & Integers(repeating: 0x7fff_ffff))) &>> Integers(repeating: 31)
  }
}
