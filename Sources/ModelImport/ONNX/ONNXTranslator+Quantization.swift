import ModelGraph

/// Pairs of `QuantizeLinear` and `DequantizeLinear`; values that depend on the image are still computed in floats.
extension ONNXTranslator {
  private static let note =
    "the file quantizes values between its layers to 8 bits; here they are clipped to the same range, but not rounded"

  /// The range of the integers is kept, since exporters leave out a ReLU that it replaces.
  mutating func quantize(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    if !notes.contains(Self.note) { notes.append(Self.note) }
    guard let scale = try operation.scalar(input: 1) else { throw operation.error("has no scale") }
    let zeroPoint = try operation.constant(2)
    let zero = try zeroPoint?.ints()?.first ?? 0
    let type = try quantizedType(zeroPoint, operation)
    let (lowest, highest): (Int, Int)
    switch type {
    case .uint8: (lowest, highest) = (0, 255)
    case .int8: (lowest, highest) = (-128, 127)
    case .uint16: (lowest, highest) = (0, 65_535)
    case .int16: (lowest, highest) = (-32_768, 32_767)
    default: throw operation.error("quantizes to \(type), expected 8 or 16 bits")
    }
    guard scale.isFinite, scale > 0, (lowest...highest).contains(zero) else {
      throw operation.error("has the scale \(scale) and the zero point \(zero)")
    }
    let clip = Activation.clip(minimum: Float(lowest - zero) * scale, maximum: Float(highest - zero) * scale)
    return try activation(clip, operation)
  }

  private func quantizedType(
    _ zeroPoint: ONNXConstant?, _ operation: ONNXOperation
  ) throws(ImportError) -> NamedArray.ElementType {
    if let type = zeroPoint?.integerType { return type }
    let type = try operation.int("output_dtype", default: 2)
    guard let known = NamedArray.ElementType(onnx: type == 0 ? 2 : type) else {
      throw operation.error("quantizes to \(ONNXArrays.name(ofType: type))")
    }
    return known
  }

  mutating func dequantize(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    .feature(try operation.feature(0))
  }
}
