import ModelGraph

/// Turns a batch normalization of a feature map that could not be folded into a depthwise convolution of 1x1:
///
///     factor * x + offset
///
/// is a kernel of one weight, the factor, and a bias, the offset, for each channel. So the steps that follow can be
/// fused with it: an activation, a residual, or a pointwise convolution, which makes it one separable step.
///
/// A batch normalization of a vector stays what it is: there is no convolution of vectors, and it costs nothing.
/// Its weights are checked all the same.
struct ReplaceBatchNormalization: Pass {
  let name = "replace batch normalization"

  func apply(to graph: Graph) throws(GraphError) -> Graph {
    var rewrite = Rewrite(graph)
    for (index, node) in graph.nodes.enumerated() {
      guard case .batchNormalization(let normalization) = node.operation else { continue }
      let affine = try node.affine(normalization, graph.tensors)
      guard case .map(_, _, let channels) = node.shape else { continue }
      let kernel = Tensor(
        name: "\(node.name)/kernel", dimensions: [1, 1, 1, channels], values: try node.finite(affine.factors, "factor"))
      let bias = Tensor(
        name: "\(node.name)/bias", dimensions: [channels], values: try node.finite(affine.offsets, "offset"))
      var convolution = node
      convolution.operation = .convolution(
        Convolution(
          window: Window(size: Extent(1), padding: .valid), outputChannels: channels, groups: channels, hasBias: true))
      convolution.parameters = [rewrite.add(kernel), rewrite.add(bias)]
      rewrite.replace(index, with: convolution)
    }
    return rewrite.finished()
  }
}
