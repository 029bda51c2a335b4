extension Graph {
  /// The multiplications that a node's definition needs, each with its addition: products with weights only.
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
    default: return 0
    }
  }
}
