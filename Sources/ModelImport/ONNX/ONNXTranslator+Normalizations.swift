import ModelGraph

extension ONNXTranslator {
  mutating func batchNormalization(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let makesStatistics = operation.node.outputs.dropFirst().contains { !$0.isEmpty }
    guard try !operation.flag("training_mode"), !makesStatistics else {
      throw operation.error("is in training mode: it takes its statistics from the batch; export in evaluation mode")
    }
    guard try operation.int("spatial", default: 1) != 0 else {
      throw operation.error("normalizes each position by itself (spatial is 0), expected each channel")
    }
    let feature = try operation.feature(0)
    guard feature.sizes.count >= 2 else { throw operation.error("normalizes a value of \(feature.sizes)") }
    let (node, layout) = try innermost(feature, [1], named: operation.name)
    let channels = layout.sizes[1]
    var weights: [ONNXConstant] = []
    for (index, what) in ["scale", "bias", "mean", "variance"].enumerated() {
      let values = try operation.requireConstant(index + 1)
      guard values.dimensions == [channels] else {
        throw operation.error("has a \(what) of \(values.dimensions), expected [\(channels)]")
      }
      weights.append(try permuted(values, [1], of: layout))
    }
    let normalization = BatchNormalization(epsilon: try operation.float("epsilon", default: 1e-5))
    let result = try append(operation.name, .batchNormalization(normalization), [node], weights: weights)
    return .feature(ONNXFeature(node: result, layout: layout))
  }

  mutating func layerNormalization(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let feature = try operation.feature(0)
    let rank = feature.sizes.count
    let dimensions = Array(try operation.axis(try operation.int("axis", default: -1), rank: rank)..<rank)
    let (node, layout) = try innermost(feature, dimensions, named: operation.name)
    let gamma = try operation.requireConstant(1)
    let beta = try operation.constant(2)
    let count = layout.factors(of: dimensions).size
    for weights in [gamma, beta].compactMap(\.self) where weights.elementCount != count {
      throw operation.error("has weights of \(weights.dimensions), expected \(dimensions.map { layout.sizes[$0] })")
    }
    var weights = [try permuted(gamma, dimensions, of: layout)]
    if let beta { weights.append(try permuted(beta, dimensions, of: layout)) }
    let normalization = LayerNormalization(
      epsilon: try operation.float("epsilon", default: 1e-5), hasBeta: beta != nil)
    let result = try append(operation.name, .layerNormalization(normalization), [node], weights: weights)
    return .feature(ONNXFeature(node: result, layout: layout))
  }

  /// `d / sqrt(mean(d^2) + epsilon)` with `d = x - mean(x)`, over the last dimension, as exporters write it out.
  mutating func writtenOutLayerNormalization(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue? {
    let names = operation.node.inputs
    guard names.count == 2, let root = producer(of: names[1], "Sqrt"), let sum = producer(of: root.inputs[0], "Add"),
      let difference = producer(of: names[0], "Sub"), case .feature(let feature)? = values[difference.inputs[0]],
      isMean(difference.inputs[1], of: difference.inputs[0])
    else { return nil }
    for (place, name) in sum.inputs.enumerated() {
      guard case .constant(let epsilon)? = values[sum.inputs[1 - place]], epsilon.elementCount == 1,
        let mean = producer(of: name, "ReduceMean"), let square = producers[mean.inputs[0]],
        isSquare(square, of: names[0]), isMean(name, of: mean.inputs[0])
      else { continue }
      let (node, layout) = try innermost(feature, [feature.sizes.count - 1], named: operation.name)
      let normalization = LayerNormalization(epsilon: try epsilon.floats()[0], hasGamma: false, hasBeta: false)
      let result = try append(operation.name, .layerNormalization(normalization), [node])
      return .feature(ONNXFeature(node: result, layout: layout))
    }
    return nil
  }

  private func producer(of name: String, _ operation: String) -> ONNXNode? {
    guard let node = producers[name], node.operation == operation,
      node.inputs.count >= (operation == "Sub" || operation == "Add" ? 2 : 1)
    else { return nil }
    return node
  }

  /// Whether a value is the mean of another over its last dimension, which is kept with size 1.
  private func isMean(_ name: String, of source: String) -> Bool {
    guard let mean = producer(of: name, "ReduceMean"), mean.inputs[0] == source else { return false }
    if case .int(0)? = mean.attributes["keepdims"] { return false }
    var axes: [Int]?
    if case .ints(let list)? = mean.attributes["axes"] { axes = list }
    if mean.inputs.count > 1, case .constant(let constant)? = values[mean.inputs[1]] {
      axes = (try? constant.ints()) ?? nil
    }
    guard let axes, axes.count == 1 else { return false }
    if axes[0] == -1 { return true }
    guard case .feature(let feature)? = values[source] else { return false }
    return axes[0] == feature.sizes.count - 1
  }

  private func isSquare(_ node: ONNXNode, of source: String) -> Bool {
    guard node.inputs.count == 2, node.inputs[0] == source else { return false }
    if node.operation == "Mul" { return node.inputs[1] == source }
    guard node.operation == "Pow", case .constant(let exponent)? = values[node.inputs[1]] else { return false }
    return (try? exponent.floats()) == [2]
  }

  /// Divided by the Euclidean norm of one dimension.
  mutating func unitNormalization(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    guard try operation.int("p", default: 2) == 2 else {
      throw operation.error("divides by the norm of order 1, expected 2")
    }
    let feature = try operation.feature(0)
    let axis = try operation.axis(try operation.int("axis", default: -1), rank: feature.sizes.count)
    let (node, layout) = try innermost(feature, [axis], named: operation.name)
    return .feature(ONNXFeature(node: try append(operation.name, .unitNormalization, [node]), layout: layout))
  }
}
