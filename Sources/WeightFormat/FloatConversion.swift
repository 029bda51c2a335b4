import ModelGraph

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
    let bytes = try unsafe contents.withBytes { source throws(WeightFormatError) in
      var bytes: [UInt8] = []
      bytes.reserveCapacity(elementCount * type.byteCount)
      for index in 0..<elementCount {
        try unsafe append(elementType.float(at: index, of: source), as: type, at: index, to: &bytes)
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
