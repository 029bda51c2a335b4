#if canImport(ModelGraph)
  import ModelGraph
#endif

/// The words of packed values, made one by one.
struct PackedLayout {
  /// The floats of a vector.
  var width: Int

  /// Whole groups of `2 * width` values, each rounded to nearest even.
  func words(_ values: [Float]) -> [Float] {
    precondition(values.count % (2 * width) == 0)
    return stride(from: 0, to: values.count, by: 2 * width).flatMap { group in
      (0..<width).map { word in
        let low = UInt32(Self.rounded(values[group + word]))
        return Float(bitPattern: low | UInt32(Self.rounded(values[group + width + word])) << 16)
      }
    }
  }

  func values(_ words: [Float]) -> [Float] {
    stride(from: 0, to: words.count, by: width).flatMap { group in
      let bits = words[group..<group + width].map { $0.bitPattern }
      return bits.map { Float(bitPattern: $0 << 16) } + bits.map { Float(bitPattern: $0 & 0xffff_0000) }
    }
  }

  /// The upper half of the nearest bf16 value, of two equally near ones the even.
  static func rounded(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if value.isNaN { return UInt16(bits >> 16) | 0x40 }
    let below = UInt16(bits >> 16)
    let rest = bits & 0xffff
    return rest > 0x8000 || (rest == 0x8000 && below & 1 == 1) ? below + 1 : below
  }
}

/// Random values.
struct RandomValues {
  var random: SplitMix64

  init(seed: Int) { random = SplitMix64(seed: UInt64(seed)) }

  /// Values that bf16 has, and whose sums and products need more bits.
  mutating func representable(_ count: Int) -> [Float] {
    (0..<count).map { _ in
      Float(Int.random(in: -255...255, using: &random)) / Float(1 << Int.random(in: 0...9, using: &random))
    }
  }

  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -2...2) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &random) }
  }

  mutating func count(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
}
