extension Graph {
  /// The multiplications of all nodes, each with its addition; `Int.max` where an absurd graph needs more.
  package var multiplyAdds: Int {
    nodes.reduce(0) { sum, node in
      let (next, overflow) = sum.addingReportingOverflow(multiplyAdds(of: node))
      return overflow ? .max : next
    }
  }

  /// The multiplications that a node's definition needs, each with its addition: products with weights only.
  ///
  /// None overflows in a valid graph: a kernel and a map have at most 2^30 values each.
  package func multiplyAdds(of node: Node) -> Int {
    switch node.operation {
    case .convolution(let convolution):
      let taps = convolution.window.size.height * convolution.window.size.width
      return node.shape.elementCount * taps * (nodes[node.inputs[0]].shape.channels / convolution.groups)
    case .separableConvolution(let separable):
      let taps = separable.window.size.height * separable.window.size.width
      let positions = node.shape.elementCount / separable.outputChannels
      return positions * nodes[node.inputs[0]].shape.channels * (taps + separable.outputChannels)
    case .dense(let dense):
      return nodes[node.inputs[0]].shape.elementCount * dense.outputs
    case .transposedConvolution(let convolution):
      let taps = convolution.size.height * convolution.size.width
      return nodes[node.inputs[0]].shape.elementCount * taps * convolution.outputChannels
    default: return 0
    }
  }
}
