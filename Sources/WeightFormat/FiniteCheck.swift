import ModelGraph

extension ElementType {
  /// The index of the first element that is infinite or no number, or nil; elements are little-endian and may be
  /// unaligned.
  func firstNonFinite(in bytes: UnsafeRawBufferPointer) -> Int? {
    let isFinite =
      switch self {
      case .float32: unsafe Self.areFinite(bytes, exponent: UInt32(0x7f80_0000))
      case .float16: unsafe Self.areFinite(bytes, exponent: UInt16(0x7c00))
      case .bfloat16: unsafe Self.areFinite(bytes, exponent: UInt16(0x7f80))
      case .int8, .int32: true
      }
    guard !isFinite else { return nil }
    return (0..<bytes.count / byteCount).first { unsafe !float(at: $0, of: bytes).isFinite }
  }

  /// Whether no element has all bits of its exponent set.
  ///
  /// All ones plus the lowest of them carry into the sign bit, which the mask leaves clear; any other exponent does not.
  private static func areFinite<Pattern>(_ bytes: UnsafeRawBufferPointer, exponent: Pattern) -> Bool
  where Pattern: FixedWidthInteger & SIMDScalar & UnsignedInteger, Pattern.SIMD16Storage.Scalar == Pattern {
    let lowest = exponent & (~exponent &+ 1)
    let size = MemoryLayout<Pattern>.size
    let count = bytes.count / size
    var carries = SIMD16<Pattern>(repeating: 0)
    var index = 0
    while index + 16 <= count {
      let patterns = unsafe bytes.loadUnaligned(fromByteOffset: index * size, as: SIMD16<Pattern>.self)
      carries |= (patterns & exponent) &+ lowest
      index += 16
    }
    var seen = carries.indices.reduce(Pattern(0)) { $0 | carries[$1] }
    while index < count {
      unsafe seen |= (bytes.loadUnaligned(fromByteOffset: index * size, as: Pattern.self) & exponent) &+ lowest
      index += 1
    }
    return seen & ~(Pattern.max >> 1) == 0
  }
}
