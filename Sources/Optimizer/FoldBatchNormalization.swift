import ModelGraph

/// Folds a batch normalization into the weights of the convolution (regular, grouped, depthwise or separable) or the
/// dense layer that makes its input:
///
///     factor * (W x + b) + offset = (factor * W) x + (factor * b + offset)
///
/// with a factor and an offset for each output channel, the last axis of every kernel. The kernel keeps its contents:
/// the factor multiplies its `scale`, so no weight is read, copied or rounded here; only the bias is a new tensor.
/// Factors and biases are computed in double precision and rounded once.
///
/// Not folded, and left to `ReplaceBatchNormalization`: where the input comes from a step without weights (a sum, a pool,
/// a concatenation, the input), has been through an activation or a residual, or is read by another node too. Nor is a
/// normalization folded *forward* into the step that reads it: at a border it would normalize the padding too, and its
/// factors would lie along the kernel's input axis, so that the whole kernel had to be copied.
struct FoldBatchNormalization: Pass {
  let name = "fold batch normalization"

  func apply(to graph: Graph) throws(GraphError) -> Graph {
    var rewrite = Rewrite(graph)
    for index in graph.nodes.indices {
      let node = rewrite.nodes[index]
      guard case .batchNormalization(let normalization) = node.operation else { continue }
      let producer = node.inputs[0]
      guard let kernel = rewrite.nodes[producer].operation.kernelPosition, rewrite.isReadOnce(producer),
        rewrite.nodes[producer].operation.isAffine
      else { continue }
      let affine = try node.affine(normalization, rewrite.tensors)
      try fold(affine, into: producer, kernel: kernel, of: &rewrite)
      rewrite.redirectReaders(of: index, to: producer)
    }
    return rewrite.finished()
  }

  private func fold(
    _ affine: ChannelAffine, into index: Int, kernel position: Int, of rewrite: inout Rewrite
  ) throws(GraphError) {
    var node = rewrite.nodes[index]
    var kernel = rewrite.tensors[node.parameters[position]]
    let scales = affine.factors.indices.map { affine.factors[$0] * Double(kernel.scale?[$0] ?? 1) }
    kernel.scale = try node.finite(scales, "folded scale")
    node.parameters[position] = rewrite.change(node.parameters[position], to: kernel)

    try rewrite.changeBias(of: &node, role: "folded bias") { old in
      guard let old else { return affine.offsets }
      return old.indices.map { affine.offsets[$0] + affine.factors[$0] * Double(old[$0]) }
    }
    rewrite.replace(index, with: node)
  }
}

extension Operation {
  /// Whether nothing comes after the sums and the bias.
  fileprivate var isAffine: Bool { epilogue.map { $0 == Epilogue() } ?? (outputActivation == .identity) }
}
