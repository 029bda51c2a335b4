import ModelGraph

/// Operations that only change how ONNX counts a value's dimensions.
extension ONNXTranslator {
  mutating func flatten(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let sizes = try operation.feature(0).sizes
    let given = try operation.int("axis", default: 1)
    let axis = given == sizes.count ? given : try operation.axis(given, rank: sizes.count)
    return try viewed(operation, as: [sizes[..<axis].reduce(1, *), sizes[axis...].reduce(1, *)])
  }

  mutating func reshape(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let sizes = try operation.feature(0).sizes
    guard let shape = try operation.ints("shape", orInput: 1) else {
      throw operation.error("has no shape")
    }
    return try viewed(
      operation,
      as: try ConstantFolding.resolved(shape, from: sizes, keepsZeros: try operation.flag("allowzero"), operation))
  }

  mutating func squeeze(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let sizes = try operation.feature(0).sizes
    return try viewed(operation, as: try ConstantFolding.squeezed(sizes, operation))
  }

  mutating func unsqueeze(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let sizes = try operation.feature(0).sizes
    return try viewed(operation, as: try ConstantFolding.unsqueezed(sizes, operation))
  }

  mutating func transpose(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    var feature = try settled(try operation.feature(0), named: operation.name)
    feature.layout = feature.layout.transposed(try ConstantFolding.permutation(rank: feature.sizes.count, operation))
    return .feature(feature)
  }

  /// Only to the shape that the value already has.
  mutating func expand(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let feature = try operation.feature(0)
    let shape = try operation.ints(input: 1) ?? []
    let padded = [Int](repeating: 1, count: max(0, feature.sizes.count - shape.count)) + shape
    guard padded.count == feature.sizes.count, zip(padded, feature.sizes).allSatisfy({ $0 == 1 || $0 == $1 }) else {
      throw operation.error("repeats a value of \(feature.sizes) to \(shape), which is not supported")
    }
    return .feature(feature)
  }

  private mutating func viewed(_ operation: ONNXOperation, as sizes: [Int]) throws(ImportError) -> ONNXValue {
    try viewed(try settled(try operation.feature(0), named: operation.name), as: sizes, operation)
  }

  mutating func viewed(
    _ feature: ONNXFeature, as sizes: [Int], _ operation: ONNXOperation
  ) throws(ImportError) -> ONNXValue {
    var feature = feature
    guard Limits.elementCount(of: sizes) == feature.layout.elementCount else {
      throw operation.error("makes \(sizes) of a value of \(feature.sizes)")
    }
    if let layout = feature.layout.reshaped(to: sizes) {
      feature.layout = layout
      return .feature(feature)
    }
    // A dimension that would need a part of another's values: only in their own order.
    let order = feature.layout.dimensions.flatMap(\.self)
    let node = try arranged(feature, order, .vector(feature.layout.elementCount), named: operation.name)
    return .feature(ONNXFeature(node: node, layout: DimensionLayout(contiguous: sizes)))
  }
}
