import ModelGraph

extension ONNXTranslator {
  mutating func activation(_ activation: Activation, _ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    try applying(activation, to: try operation.feature(0), named: operation.name)
  }

  /// An elementwise function does not depend on the value's layout.
  mutating func applying(
    _ activation: Activation, to feature: ONNXFeature, named name: String
  ) throws(ImportError) -> ONNXValue {
    let feature = try settled(feature, named: name)
    if activation == .identity { return .feature(feature) }
    var result = feature
    result.node = try append(name, .activation(activation), [feature.node])
    result.functions = feature.functions.mapped { activation($0) }
    return .feature(try recognized(result, named: name))
  }

  /// An activation that was written out in several nodes, recognized as one.
  mutating func recognized(_ feature: ONNXFeature, named name: String) throws(ImportError) -> ONNXFeature {
    var feature = feature
    if let (node, activation) = feature.functions.activation(),
      builder.shape(of: node) == builder.shape(of: feature.node)
    {
      feature.node = try append(name + "/\(activation.name)", .activation(activation), [node])
    }
    feature.functions = feature.functions.adding(feature.node)
    return feature
  }

  mutating func selu(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let alpha = try operation.float("alpha", default: Float(Activation.seluAlpha))
    let gamma = try operation.float("gamma", default: Float(Activation.seluScale))
    if alpha == Float(Activation.seluAlpha), gamma == Float(Activation.seluScale) {
      return try activation(.selu, operation)
    }
    let elu = try activation(.elu(alpha: alpha), operation)
    return try combined(.product, elu, .scalar(gamma), operation)
  }

  mutating func gelu(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    switch try operation.string("approximate", default: "none") {
    case "none": return try activation(.gelu, operation)
    case "tanh": return try activation(.geluTanh, operation)
    case let other: throw operation.error("approximates by \"\(other)\", expected \"none\" or \"tanh\"")
    }
  }

  mutating func swish(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let alpha = try operation.float("alpha", default: 1)
    if alpha == 1 { return try activation(.silu, operation) }
    let scaled = try combined(.product, try operation.value(0), .scalar(alpha), operation)
    guard case .feature(let feature) = scaled else { return scaled }
    let gate = try applying(.sigmoid, to: feature, named: operation.name)
    return try combined(.product, try operation.value(0), gate, operation)
  }

  /// x * tanh(softplus(x))
  mutating func mish(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    guard case .feature(let softplus) = try activation(.softplus, operation) else { return try operation.value(0) }
    let gate = try applying(.tanh, to: softplus, named: operation.name)
    return try combined(.product, try operation.value(0), gate, operation)
  }

  /// x / (1 + |x|)
  mutating func softsign(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let divisor = try combined(.sum, try absolute(operation), .scalar(1), operation)
    return try combined(.quotient, try operation.value(0), divisor, operation)
  }

  /// Limits are attributes before opset 11, inputs since.
  mutating func clip(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let lowest = try operation.scalar(input: 1, or: "min", default: -.infinity)
    let highest = try operation.scalar(input: 2, or: "max", default: .infinity)
    // As PyTorch and ONNX define it: the upper limit wins.
    let limits = (minimum: min(lowest, highest), maximum: highest)
    let unlimited = Float.greatestFiniteMagnitude
    switch (limits.minimum <= -unlimited, limits.maximum >= unlimited, limits.minimum, limits.maximum) {
    case (true, true, _, _): return .feature(try operation.feature(0))
    case (_, true, 0, _): return try activation(.relu, operation)
    case (_, _, 0, 6): return try activation(.relu6, operation)
    default:
      return try activation(
        .clip(
          minimum: limits.minimum <= -unlimited ? -.infinity : limits.minimum,
          maximum: limits.maximum >= unlimited ? .infinity : limits.maximum), operation)
    }
  }

  /// A slope for each channel, for each value or for all; it is repeated from the last dimension on, as in any arithmetic.
  mutating func parametricRelu(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let slopes = try operation.requireConstant(1)
    if slopes.elementCount == 1 { return try activation(.leakyRelu(slope: try slopes.floats()[0]), operation) }
    let feature = try settled(try operation.feature(0), named: operation.name)
    guard let axis = slopes.dimensions.firstIndex(where: { $0 != 1 }), slopes.dimensions[axis] == slopes.elementCount,
      slopes.dimensions.count <= feature.sizes.count
    else {
      let positive = try combined(.maximum, .feature(feature), .scalar(0), operation)
      let negative = try combined(.minimum, .feature(feature), .scalar(0), operation)
      return try combined(.sum, positive, try combined(.product, negative, .constant(slopes), operation), operation)
    }
    let dimension = axis + feature.sizes.count - slopes.dimensions.count
    guard feature.sizes[dimension] == slopes.elementCount else {
      throw operation.error("has \(slopes.elementCount) slopes, expected \(feature.sizes[dimension])")
    }
    let (node, layout) = try innermost(feature, [dimension], named: operation.name)
    let ordered = try permuted(slopes.reshaped([slopes.elementCount]), [dimension], of: layout)
    let result = try append(operation.name, .parametricRelu, [node], weights: [ordered])
    return .feature(ONNXFeature(node: result, layout: layout))
  }

  /// A softmax or its logarithm: before opset 13, over all dimensions from the axis on, as one; since then, over that
  /// axis.
  mutating func softmax(_ function: Operation, _ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let feature = try operation.feature(0)
    let rank = feature.sizes.count
    let axis = try operation.axis(
      try operation.int("axis", default: operation.opset < 13 ? 1 : -1), rank: rank)
    let dimensions = operation.opset < 13 ? Array(axis..<rank) : [axis]
    let (node, layout) = try innermost(feature, dimensions, named: operation.name)
    return .feature(ONNXFeature(node: try append(operation.name, function, [node]), layout: layout))
  }

  /// The class itself at the end of a network: it is replaced by the scores that decide it, which say more.
  mutating func argMax(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    notes.append("\"\(operation.name)\", an ArgMax, is left out: the output is the scores of the classes")
    return .feature(try operation.feature(0))
  }

  mutating func dropout(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    if let training = try operation.constant(2), try training.floats().first ?? 0 != 0 {
      throw operation.error("is in training mode; export the model in evaluation mode")
    }
    return .feature(try operation.feature(0))
  }

  /// Between types of floating point; all is computed in 32 bits.
  mutating func cast(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let type = try operation.int("to", default: 1)
    guard [1, 10, 11, 16].contains(type) else {
      throw operation.error(
        "makes \(ONNXArrays.name(ofType: type)) of a value that depends on the image, expected a type of floating point"
      )
    }
    return .feature(try operation.feature(0))
  }
}
