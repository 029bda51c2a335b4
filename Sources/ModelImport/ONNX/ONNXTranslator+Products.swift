import ModelGraph

/// Convolutions and matrix products with constant weights.
extension ONNXTranslator {
  mutating func convolution(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let weights = try operation.requireConstant(1)
    guard weights.dimensions.count == 4 else {
      throw operation.error("has a kernel of \(weights.dimensions), expected four dimensions: images only")
    }
    let size = Extent(height: weights.dimensions[2], width: weights.dimensions[3])
    let (node, window) = try windowed(operation, size: size, absorbing: 0)
    let bias = try operation.constant(2)
    let convolution = Convolution(
      window: window.window, outputChannels: weights.dimensions[0],
      groups: try operation.int("group", default: 1), hasBias: bias != nil)
    let result = try append(
      operation.name, .convolution(convolution), [node],
      weights: [weights.transposed([2, 3, 1, 0])] + [bias].compactMap(\.self))
    return .feature(ONNXFeature(node: result, layout: DimensionLayout(map: builder.shape(of: result))))
  }

  mutating func transposedConvolution(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let weights = try operation.requireConstant(1)
    guard weights.dimensions.count == 4, try operation.int("group", default: 1) == 1 else {
      throw operation.error("has a kernel of \(weights.dimensions) in groups, expected four dimensions and one group")
    }
    let automatic = try operation.string("auto_pad", default: "NOTSET")
    guard automatic == "NOTSET" || automatic == "VALID", operation.node.attributes["output_shape"] == nil else {
      throw operation.error("leaves its padding to the output's shape, expected stated pads")
    }
    let pads = try operation.pads()
    let (node, _) = try mapNode(try operation.feature(0), named: operation.name)
    let bias = try operation.constant(2)
    let transposed = TransposedConvolution(
      size: Extent(height: weights.dimensions[2], width: weights.dimensions[3]),
      stride: try operation.extent("strides", default: 1), dilation: try operation.extent("dilations", default: 1),
      padding: TransposedConvolution.Border(top: pads.top, left: pads.left, bottom: pads.bottom, right: pads.right),
      extra: try operation.extent("output_padding", default: 0), outputChannels: weights.dimensions[1],
      hasBias: bias != nil)
    let result = try append(
      operation.name, .transposedConvolution(transposed), [node],
      weights: [weights.transposed([2, 3, 0, 1])] + [bias].compactMap(\.self))
    return .feature(ONNXFeature(node: result, layout: DimensionLayout(map: builder.shape(of: result))))
  }

  mutating func gemm(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let feature = try operation.feature(0)
    var weights = try operation.requireConstant(1)
    guard feature.sizes.count == 2, weights.dimensions.count == 2, try !operation.flag("transA") else {
      throw operation.error("is of \(feature.sizes) and \(weights.dimensions), expected a vector and a matrix")
    }
    let isTransposed = try operation.flag("transB")
    let outputs = weights.dimensions[isTransposed ? 0 : 1]
    let (alpha, beta) = (try operation.float("alpha", default: 1), try operation.float("beta", default: 1))
    if alpha != 1 {
      weights = ONNXConstant(
        dimensions: weights.dimensions, values: .floats(try weights.floats().map { $0 * alpha }))
    }
    var bias = beta == 0 ? nil : try operation.constant(2)
    if let given = bias {
      guard given.elementCount == 1 || given.elementCount == outputs, given.dimensions.last ?? 1 == given.elementCount
      else { throw operation.error("adds a bias of \(given.dimensions), expected \(outputs) values") }
      var values = try given.floats()
      if values.count == 1 { values = [Float](repeating: values[0], count: outputs) }
      bias = ONNXConstant(dimensions: [outputs], values: .floats(values.map { $0 * beta }))
    }
    return .feature(
      try dense(feature, weights, isTransposed: isTransposed, bias: bias, operation.name, operation))
  }

  mutating func matrixProduct(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    guard case .constant(let weights) = try operation.value(1), case .feature(let feature) = try operation.value(0)
    else {
      throw operation.error("multiplies values of the image with each other (attention?), expected constant weights")
    }
    return .feature(
      try dense(feature, try matrix(weights, operation), isTransposed: false, bias: nil, operation.name, operation))
  }

  /// A sum with a product by weights on one side and its bias on the other.
  mutating func denseWithBias(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue? {
    let names = operation.node.inputs
    guard names.count == 2 else { return nil }
    for (place, name) in names.enumerated() {
      guard let product = producers[name], product.operation == "MatMul", product.inputs.count == 2,
        case .feature(let feature)? = values[product.inputs[0]],
        case .constant(let weights)? = values[product.inputs[1]],
        case .constant(let bias)? = operation.inputs[1 - place], let outputs = weights.dimensions.last,
        bias.dimensions.last == outputs, bias.elementCount == outputs, bias.dimensions.count <= feature.sizes.count
      else { continue }
      return .feature(
        try dense(
          feature, try matrix(weights, operation), isTransposed: false, bias: try bias.reshaped([outputs]),
          product.name.isEmpty ? name : product.name, operation))
    }
    return nil
  }

  private func matrix(_ weights: ONNXConstant, _ operation: ONNXOperation) throws(ImportError) -> ONNXConstant {
    let dimensions = weights.dimensions.drop { $0 == 1 && weights.dimensions.count > 2 }
    guard weights.dimensions.count >= 2, weights.dimensions.dropLast(2).allSatisfy({ $0 == 1 }) else {
      throw operation.error("multiplies by weights of \(Array(dimensions)), expected one matrix")
    }
    return try weights.reshaped(Array(weights.dimensions.suffix(2)))
  }

  /// A product of the last dimension with weights of inputs x outputs, or outputs x inputs.
  ///
  /// The weights' rows are put into the order of the inputs, so that flattening a map moves nothing.
  private mutating func dense(
    _ feature: ONNXFeature, _ weights: ONNXConstant, isTransposed: Bool, bias: ONNXConstant?, _ name: String,
    _ operation: ONNXOperation
  ) throws(ImportError) -> ONNXFeature {
    let last = feature.sizes.count - 1
    guard last >= 0, feature.sizes[last] == weights.dimensions[isTransposed ? 1 : 0] else {
      throw operation.error("multiplies a value of \(feature.sizes) by weights of \(weights.dimensions)")
    }
    let outputs = weights.dimensions[isTransposed ? 0 : 1]
    let (node, layout) = try innermost(feature, [last], named: name)
    let factors = layout.dimensions[last]
    let order = layout.order.filter(Set(factors).contains).compactMap { factors.firstIndex(of: $0) }
    let kernel =
      isTransposed
      ? try weights.reshaped([outputs] + factors.map(\.size)).transposed(order.map { $0 + 1 } + [0])
      : try weights.reshaped(factors.map(\.size) + [outputs]).transposed(order + [factors.count])
    let biases = [bias].compactMap(\.self)
    let resized = layout.resizedInnermost(last, to: outputs)
    guard case .map = builder.shape(of: node) else {
      let result = try append(
        name, .dense(Dense(outputs: outputs, hasBias: bias != nil)), [node],
        weights: [try kernel.reshaped([factors.size, outputs])] + biases)
      return ONNXFeature(node: result, layout: resized)
    }
    let pointwise = Convolution(window: Window(size: Extent(1)), outputChannels: outputs, hasBias: bias != nil)
    let result = try append(
      name, .convolution(pointwise), [node], weights: [try kernel.reshaped([1, 1, factors.size, outputs])] + biases)
    return ONNXFeature(node: result, layout: resized)
  }
}
