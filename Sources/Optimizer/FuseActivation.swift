import ModelGraph

/// Fuses an activation into the convolution (of either kind) or the dense layer that makes its input:
///
///     f(W x + b + r): the same function of the same value, applied before the value is stored
///
/// where nothing else reads that value and no activation has been applied to it yet. A kernel applies it to the zeros that pad
/// a pixel's channels, too: the logarithm of those would be infinite.
struct FuseActivation: Pass {
  let name = "fuse activation"

  func apply(to graph: Graph) -> Graph {
    var rewrite = Rewrite(graph)
    for index in graph.nodes.indices {
      guard case .activation(let activation) = graph.nodes[index].operation, activation(0).isFinite else { continue }
      let producer = rewrite.nodes[index].inputs[0]
      guard rewrite.isReadOnce(producer), rewrite.nodes[producer].operation.outputActivation == .identity else {
        continue
      }
      var node = rewrite.nodes[producer]
      node.operation.outputActivation = activation
      rewrite.replace(producer, with: node)
      rewrite.redirectReaders(of: index, to: producer)
    }
    return rewrite.finished()
  }
}
