import ModelGraph

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

extension ElementType {
  var isFloat: Bool { self == .float32 || self == .float16 || self == .bfloat16 }
}

extension Tensor {
  /// The tensor with its elements in another type of floating-point numbers, rounded to nearest, ties to even.
  ///
  /// Vectors stay as they are: biases and batch normalization need their precision and are 0.5 % of Xception.
  /// Integers stay too.
  ///
  /// - Throws: The tensor's name, where a value is beyond the type.
  package func converted(to type: ElementType) throws -> Tensor {
    guard elementType.isFloat, type != elementType, dimensions.count > 1 else { return self }
    let bytes = try contents.withBytes { source throws(WeightFormatError) in
      var bytes: [UInt8] = []
      bytes.reserveCapacity(elementCount * type.byteCount)
      for index in 0..<elementCount {
        try append(elementType.float(at: index, of: source), as: type, at: index, to: &bytes)
      }
      return bytes
    }
    var converted = self
    converted.elementType = type
    converted.contents = ByteContents(bytes: bytes)
    return converted
  }

  private func append(
    _ value: Float, as type: ElementType, at index: Int, to bytes: inout [UInt8]
  ) throws(WeightFormatError) {
    let pattern: UInt32? =
      switch type {
      case .float16: value.halfBitPattern.map(UInt32.init)
      case .bfloat16: value.bfloatBitPattern.map(UInt32.init)
      default: value.bitPattern
      }
    guard let pattern else {
      throw WeightFormatError(
        .number, in: .data, "tensor \"\(name)\", element \(index)", found: "\(value)",
        expected: "a number that \(type) can hold")
    }
    for byte in 0..<type.byteCount { bytes.append(UInt8(truncatingIfNeeded: pattern >> (8 * UInt32(byte)))) }
  }
}

private struct ByteContents: TensorContents {
  let bytes: [UInt8]

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    try bytes.withUnsafeBytes(body)
  }
}
