extension Float {
  /// The nearest binary16, ties to even, as a bit pattern; nil for what binary16 cannot hold: values that round to
  /// 65,536 or more, infinity, and NaN.
  package var halfBitPattern: UInt16? {
    let sign = UInt16(truncatingIfNeeded: bitPattern >> 16) & 0x8000
    let magnitude = bitPattern & 0x7fff_ffff
    guard magnitude < 0x477f_f000 else { return nil }  // 65,520, halfway between the greatest binary16 and 65,536
    if magnitude < 0x3880_0000 {  // below 2^-14 steps are 2^-24; adding 0.5, whose steps are 2^-24 too, rounds to them
      let rounded = Float(bitPattern: magnitude) + 0.5
      return sign | UInt16(truncatingIfNeeded: rounded.bitPattern &- Float(0.5).bitPattern)
    }
    let rounded = magnitude &+ 0x0fff &+ (magnitude >> 13 & 1)
    return sign | UInt16(truncatingIfNeeded: (rounded >> 13) &- (112 << 10))
  }

  /// The nearest bfloat16, ties to even, as a bit pattern; nil for what bfloat16 cannot hold.
  package var bfloatBitPattern: UInt16? {
    guard isFinite else { return nil }
    let rounded = bitPattern &+ 0x7fff &+ (bitPattern >> 16 & 1)
    return rounded & 0x7f80_0000 == 0x7f80_0000 ? nil : UInt16(truncatingIfNeeded: rounded >> 16)
  }
}
