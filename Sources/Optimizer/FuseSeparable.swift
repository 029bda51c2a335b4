import ModelGraph

/// Fuses a depthwise convolution and the pointwise convolution that alone reads it into one separable step, with kernel
/// `D` and bias `d` of the depthwise part, `P` and `b` of the pointwise part:
///
///     P f(D x + d) + b
///
/// `f` is the activation after the depthwise or before the pointwise part (not both). Without one, the depthwise bias
/// goes through the pointwise kernel, exactly but for rounding, since a 1x1 window has no border:
///
///     P (D x + d) + b = P D x + (P d + b)
///
/// which reads that kernel, and only then; the sums are in double precision and rounded once.
///
/// Not fused: a depthwise part with several outputs for each channel or with a residual, a pointwise part with a stride or
/// padding.
struct FuseSeparable: Pass {
  let name = "fuse separable"

  func apply(to graph: Graph) throws(GraphError) -> Graph {
    var rewrite = Rewrite(graph)
    for index in graph.nodes.indices {
      let node = rewrite.nodes[index]
      guard case .convolution(let pointwise) = node.operation, pointwise.isPointwise, rewrite.isReadOnce(node.inputs[0])
      else { continue }
      let input = rewrite.nodes[node.inputs[0]]
      guard case .convolution(let depthwise) = input.operation, pointwise.window.isTrivial(on: input.shape),
        depthwise.isDepthwise(on: rewrite.nodes[input.inputs[0]].shape), !depthwise.epilogue.addsResidual,
        depthwise.epilogue.activation == .identity || pointwise.inputActivation == .identity
      else { continue }
      try fuse(depthwise, of: input, pointwise, of: index, in: &rewrite)
    }
    return rewrite.finished()
  }

  private func fuse(
    _ depthwise: Convolution, of input: Node, _ pointwise: Convolution, of index: Int, in rewrite: inout Rewrite
  ) throws(GraphError) {
    var node = rewrite.nodes[index]
    let ownActivation = depthwise.epilogue.activation
    var separable = SeparableConvolution(
      window: depthwise.window, outputChannels: pointwise.outputChannels, hasDepthwiseBias: depthwise.hasBias,
      hasBias: pointwise.hasBias, inputActivation: depthwise.inputActivation,
      middleActivation: ownActivation == .identity ? pointwise.inputActivation : ownActivation,
      epilogue: pointwise.epilogue)
    if separable.hasDepthwiseBias, separable.middleActivation == .identity {
      let offset = try node.values(of: rewrite.tensors[input.parameters[1]], "depthwise bias")
      let bias = try pushed(offset, through: node, in: &rewrite)
      node.parameters = [input.parameters[0], node.parameters[0], bias]
      (separable.hasDepthwiseBias, separable.hasBias) = (false, true)
    } else {
      node.parameters = input.parameters + node.parameters
    }
    node.name = commonName(input.name, node.name, in: rewrite)
    node.inputs[0] = input.inputs[0]
    node.operation = .separableConvolution(separable)
    rewrite.replace(index, with: node)
  }

  /// "x" for the parts "x/depthwise" and "x/pointwise" where no other node has that name, else the pointwise part's name.
  private func commonName(_ depthwise: String, _ pointwise: String, in rewrite: Rewrite) -> String {
    let parts = [depthwise, pointwise].map { $0.split(separator: "/", omittingEmptySubsequences: false).dropLast() }
    let name = parts[0].joined(separator: "/")
    guard parts[0] == parts[1], !name.isEmpty, !rewrite.hasNode(named: name) else { return pointwise }
    return name
  }

  /// The tensor of `P d + b`.
  private func pushed(
    _ offset: [Float], through pointwise: Node, in rewrite: inout Rewrite
  ) throws(GraphError) -> Int {
    let kernel = try pointwise.values(of: rewrite.tensors[pointwise.parameters[0]], "kernel")
    let outputs = pointwise.shape.channels
    let old = pointwise.operation.hasBias ? pointwise.parameters[1] : nil
    var sums = [Double](repeating: 0, count: outputs)
    if let old { sums = try pointwise.values(of: rewrite.tensors[old], "bias").map(Double.init) }
    for (channel, value) in offset.enumerated() where value != 0 {
      for output in 0..<outputs { sums[output] += Double(kernel[channel * outputs + output]) * Double(value) }
    }
    let bias = Tensor(
      name: old.map { rewrite.tensors[$0].name } ?? "\(pointwise.name)/bias", dimensions: [outputs],
      values: try pointwise.finite(sums, "folded bias"))
    return old.map { rewrite.change($0, to: bias) } ?? rewrite.add(bias)
  }
}
