import ModelGraph

extension Graph {
  /// The moments of the sums of convolutions and dense layers that a batch normalization alone reads, once it is folded
  /// into them, by the names of their kernels: the means are beta, the deviations |gamma|. Of several in a row the last
  /// one counts.
  ///
  /// - Precondition: The graph is valid.
  var normalizedSums: [String: ChannelMoments] {
    get throws(GraphError) {
      let consumers = consumers
      var uses = [Int](repeating: 0, count: tensors.count)
      for node in nodes { for tensor in node.parameters { uses[tensor] += 1 } }
      var sums: [String: ChannelMoments] = [:]
      for node in nodes {
        guard case .batchNormalization(let normalization) = node.operation else { continue }
        var producer = node.inputs[0]
        while case .batchNormalization = nodes[producer].operation, consumers[producer].count == 1 {
          producer = nodes[producer].inputs[0]
        }
        guard consumers[producer].count == 1, let position = nodes[producer].operation.kernelPosition else { continue }
        let kernel = nodes[producer].parameters[position]
        guard uses[kernel] == 1 else { continue }
        sums[tensors[kernel].name] = try moments(after: normalization, node)
      }
      return sums
    }
  }

  private func moments(
    after normalization: BatchNormalization, _ node: Node
  ) throws(GraphError) -> ChannelMoments {
    let channels = node.shape.channels
    var moments = ChannelMoments(
      means: [Double](repeating: 0, count: channels), variances: [Double](repeating: 1, count: channels))
    if normalization.hasBeta {
      let beta = tensors[node.parameters[normalization.hasGamma ? 1 : 0]]
      moments.means = try node.values(of: beta, "beta").map(Double.init)
    }
    if normalization.hasGamma {
      moments.variances = try node.values(of: tensors[node.parameters[0]], "gamma").map { Double($0) * Double($0) }
    }
    return moments
  }
}
