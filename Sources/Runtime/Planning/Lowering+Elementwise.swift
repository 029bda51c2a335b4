import Kernels
import ModelGraph

/// Operations on values as they are: elementwise pairs, borders, other shapes.
extension Lowering {
  /// Two maps of one shape, or a map and one pixel's values, have a kernel, unless the only reader scales what it gathers;
  /// all other repetition runs row by row.
  mutating func lower(_ binary: Binary, _ node: Node, _ inputs: [Int]) -> Int {
    let repeats = inputs.map { isRepeatedPixel($0, in: node.shape) }
    let fits = zip(inputs, repeats).allSatisfy { values[$0].shape == node.shape || $1 }
    // The padding of a quotient would be NaN, which products of bf16 multiply by zero.
    let isPadded = node.shape.channels % kernels.panelWidth != 0
    guard fits, !(binary == .quotient && isPadded), inputs.allSatisfy({ !values[$0].isTight }) else {
      return lowerRowwise(node, inputs)
    }
    if binary == .product, repeats[0] != repeats[1], isReadScaled(node) {
      let scale = inputs[repeats[0] ? 0 : 1]
      scaleOfNode[self.node] = scale
      // The reader takes it, and nothing before may be written over it.
      let root = values[scale].root
      values[root].lastReader = max(values[root].lastReader ?? 0, consumers[self.node][0])
      return inputs[repeats[0] ? 1 : 0]
    }
    let writtenOver = inputs.indices.first {
      !repeats[$0] && values[inputs[$0]].shape == node.shape && isLastUse(of: $0)
    }
    let output = newValue(node.shape, over: writtenOver.map { inputs[$0] })
    return append(
      .binary(
        BinaryStep(
          function: binary, first: inputs[0], second: inputs[1], output: output, repeatsFirst: repeats[0],
          repeatsSecond: repeats[1])))
  }

  /// Whether the only reader of the current node gathers its pixels one by one, so that it may as well multiply each by
  /// a scale first, as after a squeeze and excitation (Hu et al. 2018): a step and two passes over a map less.
  private func isReadScaled(_ node: Node) -> Bool {
    guard consumers[self.node].count == 1, self.node != graph.featureNode, self.node != graph.lastMap,
      node.shape.elementCount > node.shape.channels
    else { return false }
    let reader = graph.nodes[consumers[self.node][0]]
    guard case .convolution(let convolution) = reader.operation, convolution.isPointwise,
      case .map(let height, let width, _) = node.shape, case .map(height, width, _) = reader.shape
    else { return false }
    return convolution.window.stride == Extent(1) && convolution.inputActivation == .identity
      && reader.inputs[0] == self.node && !convolution.isDepthwise(on: node.shape)
  }

  /// Whether a value is a vector or a map of one pixel, with the channels of a larger shape.
  private func isRepeatedPixel(_ value: Int, in shape: Shape) -> Bool {
    let own = values[value].shape
    return own != shape && own.elementCount == own.channels && own.channels == shape.channels
  }

  /// A vector and a map of one pixel share one memory where both are stored as floats; values with the same channels
  /// are copied pixel by pixel, and so is a map to a vector.
  mutating func lowerReshape(_ node: Node, _ input: Int) -> Int {
    let from = values[input].shape
    let output = newValue(node.shape)
    let isOnePixel = from.elementCount == from.channels && node.shape.elementCount == node.shape.channels
    if isOnePixel, values[input].element == values[output].element, !values[input].isTight, node.inputs[0] != 0 {
      values[output].root = values[input].root
      return output
    }
    guard isOnePixel || from.channels == node.shape.channels || node.shape.dimensions.count == 1 else {
      return lowerRowwise(node, [input], to: output)
    }
    return append(.reshape(from: input, to: output))
  }

  mutating func lowerConstant(_ node: Node) -> Int {
    let value = newValue(node.shape)
    values[value].constant = node.parameters[0]
    return value
  }

  mutating func lower(_ pad: Pad, _ node: Node, _ inputs: [Int]) -> Int {
    guard pad.value == 0, !values[inputs[0]].isTight else { return lowerRowwise(node, inputs) }
    return append(.pad(from: inputs[0], to: newValue(node.shape), top: pad.top, left: pad.left))
  }

  mutating func lowerParametricRelu(_ node: Node, _ input: Int) -> Int {
    let slopes = weights.addBias(graph.tensors[node.parameters[0]], count: node.shape.channels)
    let output = newValue(node.shape, over: isLastUse(of: 0) ? input : nil)
    return append(.parametricRelu(from: input, to: output, slopes: slopes))
  }

  /// An operation without a kernel of its own.
  mutating func lowerRowwise(_ node: Node, _ inputs: [Int], to output: Int? = nil) -> Int {
    let parameters = node.parameters.map { weights.addValues(graph.tensors[$0]) }
    return append(
      .rowwise(
        RowwiseStep(
          operation: node.operation, first: inputs[0], second: inputs.dropFirst().first,
          output: output ?? newValue(node.shape),
          parameters: (parameters.first ?? 0, parameters.dropFirst().first ?? 0))))
  }
}
