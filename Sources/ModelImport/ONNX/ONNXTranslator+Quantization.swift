import ModelGraph

/// What a `QuantizeLinear` made the integers of a value with.
struct ONNXQuantization: Equatable {
  var scale: Float
  var zeroPoint: Int
}

/// Pairs of `QuantizeLinear` and `DequantizeLinear`; values that depend on the image are still computed in floats.
extension ONNXTranslator {
  private static let note =
    "the file quantizes values between its layers to 8 bits; here they are clipped to the same range, but not rounded"

  /// The range of the integers is kept, since exporters leave out a ReLU that it replaces.
  mutating func quantize(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    if !notes.contains(Self.note) { notes.append(Self.note) }
    guard let scale = try operation.scalar(input: 1) else { throw operation.error("has no scale") }
    let zero = try operation.ints(input: 2)?.first ?? 0
    let (lowest, highest) = try operation.quantizedRange()
    guard scale.isFinite, scale > 0, (lowest...highest).contains(zero) else {
      throw operation.error("has the scale \(scale) and the zero point \(zero)")
    }
    for name in operation.node.outputs { quantizations[name] = ONNXQuantization(scale: scale, zeroPoint: zero) }
    let clip = Activation.clip(minimum: Float(lowest - zero) * scale, maximum: Float(highest - zero) * scale)
    return try activation(clip, operation)
  }

  /// The same value in floats, which it has been all along.
  mutating func dequantize(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let feature = try operation.feature(0)
    guard let quantization = operation.node.inputs.first.flatMap({ quantizations[$0] }) else {
      throw operation.error("its input is not what a QuantizeLinear makes")
    }
    guard let scale = try operation.scalar(input: 1) else { throw operation.error("has no scale") }
    let zeroPoint = try operation.ints(input: 2)?.first ?? 0
    guard ONNXQuantization(scale: scale, zeroPoint: zeroPoint) == quantization else {
      throw operation.error(
        "has the scale \(scale) and the zero point \(zeroPoint), expected \(quantization.scale) and "
          + "\(quantization.zeroPoint), by which its input was quantized")
    }
    return .feature(feature)
  }

  /// Integers are read only by what gives them back as the floats that stand for them here, or moves and compares them.
  mutating func followQuantized(_ operation: ONNXOperation) throws(ImportError) {
    let node = operation.node
    guard let quantization = node.inputs.compactMap({ quantizations[$0] }).first,
      node.operation != "DequantizeLinear"
    else { return }
    let movers = ["Identity", "MaxPool", "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze"]
    guard movers.contains(node.operation) else {
      throw operation.error("computes with the integers of a QuantizeLinear, expected a DequantizeLinear between them")
    }
    for name in node.outputs { quantizations[name] = quantization }
  }
}

extension ONNXOperation {
  /// The integers of a `QuantizeLinear`: those of its zero point's type, or of the one that it names, or bytes.
  func quantizedRange() throws(ImportError) -> (lowest: Int, highest: Int) {
    var type: NamedArray.ElementType?
    if let zeroPoint = try constant(2) {
      type = zeroPoint.integerType
    } else {
      let stated = try int("output_dtype", default: 2)
      type = NamedArray.ElementType(onnx: stated == 0 ? 2 : stated)
    }
    switch type {
    case .uint8?: return (0, 255)
    case .int8?: return (-128, 127)
    case .uint16?: return (0, 65_535)
    case .int16?: return (-32_768, 32_767)
    default: throw error("quantizes to \(type.map { "\($0)" } ?? "an unknown type"), expected 8 or 16 bits")
    }
  }
}
