import ModelGraph

/// The layers that are known, each as the operations that it is at inference.
extension KerasTranslator {
  mutating func append(_ layer: KerasLayer, _ address: WeightAddress, _ inputs: [Value]) throws(ImportError) -> Value {
    do throws(ImportError) {
      if layer.className == "Add" { return try appendPlain(address.layer, .add, inputs, of: layer.name) }
      if layer.className == "Concatenate", let first = inputs.first {
        try layer.requireLastAxis(of: builder.shape(of: first.node))
        return try appendPlain(address.layer, .concatenate, inputs, of: layer.name)
      }
      guard inputs.count == 1 else { throw layer.error("\(layer.className) of \(inputs.count) inputs, expected 1") }
      return try append(layer, address, inputs[0])
    } catch {
      // What a layer finds wrong with its options names it without the models around it.
      guard case .layer(layer.name, let reason) = error else { throw error }
      throw .layer(name: address.layer, reason: reason)
    }
  }

  private mutating func append(
    _ layer: KerasLayer, _ address: WeightAddress, _ input: Value
  ) throws(ImportError) -> Value {
    switch layer.className {
    case "Conv2D": return try appendConvolution(layer, address, input)
    case "DepthwiseConv2D": return try appendDepthwise(layer, address, input)
    case "SeparableConv2D": return try appendSeparable(layer, address, input)
    case "BatchNormalization": return try appendNormalization(layer, address, input)
    case "Dense": return try appendDense(layer, address, input)
    case "MaxPooling2D": return try appendMaxPool(layer, address, input)
    case "AveragePooling2D": return try appendAveragePool(layer, address, input)
    case "ZeroPadding2D": return try padded(input, by: layer)
    case "Rescaling": return try rescaled(input, by: layer)
    case "Normalization": return try normalized(input, by: layer, address)
    // These do nothing at inference.
    case "Dropout", "SpatialDropout2D", "GaussianDropout", "GaussianNoise", "ActivityRegularization": return input
    default:
      return try appendPlain(address.layer, try function(of: layer, input), [input], of: address.layer)
    }
  }

  /// The operation of a layer that has no weights and no window.
  private func function(of layer: KerasLayer, _ input: Value) throws(ImportError) -> Operation {
    switch layer.className {
    case "Activation": return try layer.activation() ?? .activation(.identity)
    case "ReLU":
      try layer.require("negative_slope", .number(0), default: .number(0))
      try layer.require("threshold", .number(0), default: .number(0))
      switch layer.config["max_value"] {
      case nil, .null?: return .activation(.relu)
      case .number(6)?: return .activation(.relu6)
      default: throw layer.unexpected("max_value", "6 or none")
      }
    case "ELU": return .activation(.elu(alpha: try layer.float("alpha", default: 1)))
    case "Softmax":
      try layer.requireLastAxis(of: builder.shape(of: input.node))
      return .softmax
    case "GlobalAveragePooling2D":
      try layer.requireChannelsLast()
      try layer.require("keepdims", .bool(false), default: .bool(false))
      return .globalPool(GlobalPool(.average))
    case "Flatten":
      try layer.requireChannelsLast()
      return .flatten
    case "Lambda": throw layer.error("a Lambda holds Python code, which is never run")
    default: throw layer.error("the class \(layer.className) is not known")
    }
  }

  private mutating func appendConvolution(
    _ layer: KerasLayer, _ address: WeightAddress, _ input: Value
  ) throws(ImportError) -> Value {
    let hasBias = try layer.bool("use_bias", default: true)
    let groups = layer.config["groups"] == nil ? 1 : try layer.int("groups")
    let convolution = Convolution(
      window: try absorbing(input.border, into: try layer.kernelWindow(), of: input.node, layer),
      outputChannels: try layer.int("filters"), groups: groups, hasBias: hasBias)
    let weights = try take(address, [VariableName.kernel] + (hasBias ? [VariableName.bias] : []))
    let node = try append(
      address.layer, .convolution(convolution), [try node(of: input, readBy: address.layer)], of: address.layer,
      weights.map { FileTensor($0) })
    return try appendActivation(of: layer, address, Value(node: node))
  }

  private mutating func appendDepthwise(
    _ layer: KerasLayer, _ address: WeightAddress, _ input: Value
  ) throws(ImportError) -> Value {
    let hasBias = try layer.bool("use_bias", default: true)
    let weights = try take(address, [VariableName.depthwiseKernel] + (hasBias ? [VariableName.bias] : []))
    let value = try appendDepthwise(layer, address, input, node: address.layer, hasBias: hasBias, weights)
    return try appendActivation(of: layer, address, value)
  }

  private mutating func appendSeparable(
    _ layer: KerasLayer, _ address: WeightAddress, _ input: Value
  ) throws(ImportError) -> Value {
    let hasBias = try layer.bool("use_bias", default: true)
    let weights = try take(
      address,
      [VariableName.depthwiseKernel, VariableName.pointwiseKernel] + (hasBias ? [VariableName.bias] : []))
    let depthwise = try appendDepthwise(
      layer, address, input, node: address.layer + "/depthwise", hasBias: false, Array(weights.prefix(1)))
    let pointwise = Convolution(
      window: Window(size: Extent(1)), outputChannels: try layer.int("filters"), hasBias: hasBias)
    let node = try append(
      address.layer + "/pointwise", .convolution(pointwise), [depthwise.node], of: address.layer,
      weights.dropFirst().map { FileTensor($0) })
    return try appendActivation(of: layer, address, Value(node: node))
  }

  private mutating func appendDepthwise(
    _ layer: KerasLayer, _ address: WeightAddress, _ input: Value, node name: String, hasBias: Bool,
    _ weights: [NamedArray]
  ) throws(ImportError) -> Value {
    let channels = builder.shape(of: input.node).channels
    let multiplier = layer.config["depth_multiplier"] == nil ? 1 : try layer.int("depth_multiplier")
    guard (1...Limits.window).contains(multiplier) else {
      throw layer.unexpected("depth_multiplier", "1 to \(Limits.window)")
    }
    let convolution = Convolution(
      window: try absorbing(input.border, into: try layer.kernelWindow(), of: input.node, layer),
      outputChannels: channels * multiplier, groups: channels, hasBias: hasBias)
    let tensors = weights.enumerated().map { FileTensor($1, depthMultiplier: $0 == 0 ? multiplier : nil) }
    return Value(
      node: try append(
        name, .convolution(convolution), [try node(of: input, readBy: address.layer)], of: address.layer, tensors))
  }

  private mutating func appendNormalization(
    _ layer: KerasLayer, _ address: WeightAddress, _ input: Value
  ) throws(ImportError) -> Value {
    try layer.requireLastAxis(of: builder.shape(of: input.node))
    try layer.require("renorm", .bool(false), default: .bool(false))
    try layer.require("virtual_batch_size", .null, default: .null)
    let normalization = BatchNormalization(
      epsilon: try layer.float("epsilon", default: 0.001), hasGamma: try layer.bool("scale", default: true),
      hasBeta: try layer.bool("center", default: true))
    let names =
      (normalization.hasGamma ? [VariableName.gamma] : []) + (normalization.hasBeta ? [VariableName.beta] : [])
      + [VariableName.mean, VariableName.variance]
    let weights = try take(address, names)
    try checkVariance(weights[weights.count - 1], of: address.layer)
    return try appendPlain(
      address.layer, .batchNormalization(normalization), [input], of: address.layer, weights.map { FileTensor($0) })
  }

  private mutating func appendDense(
    _ layer: KerasLayer, _ address: WeightAddress, _ input: Value
  ) throws(ImportError) -> Value {
    let hasBias = try layer.bool("use_bias", default: true)
    let dense = Dense(outputs: try layer.int("units"), hasBias: hasBias)
    let weights = try take(address, [VariableName.kernel] + (hasBias ? [VariableName.bias] : []))
    let value = try appendPlain(
      address.layer, .dense(dense), [input], of: address.layer, weights.map { FileTensor($0) })
    return try appendActivation(of: layer, address, value)
  }

  private mutating func appendActivation(
    of layer: KerasLayer, _ address: WeightAddress, _ value: Value
  ) throws(ImportError) -> Value {
    guard let activation = try layer.activation() else { return value }
    return try appendPlain(address.layer + "/activation", activation, [value], of: address.layer)
  }
}

/// Throws where a variance is negative.
func checkVariance(_ dataset: NamedArray, of layer: String) throws(ImportError) {
  let values = try dataset.values()
  if let index = values.firstIndex(where: { $0 < 0 }) {
    throw .weights(layer: layer, reason: "variance \(index) is \(values[index]), expected none below zero")
  }
}
