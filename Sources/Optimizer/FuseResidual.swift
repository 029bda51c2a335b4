import ModelGraph

/// Fuses a sum of two values into the convolution (of either kind) that makes one of them:
///
///     (W x + b) + r = W x + b + r
///
/// where nothing else reads the convolution's value and nothing comes after its bias. Of two such convolutions the later
/// one takes the other's value. A convolution that stood before its residual moves behind it, which nothing can
/// prevent: its only reader was the sum. So the strided shortcuts of Xception's entry and exit flow take the pooled
/// main path as their residual, and the last separable step of a middle block takes the block's input.
///
/// Not fused: a sum of three or more, a value added to itself, and a sum of steps without such an epilogue.
struct FuseResidual: Pass {
  let name = "fuse residual"

  func apply(to graph: Graph) -> Graph {
    var rewrite = Rewrite(graph)
    for index in graph.nodes.indices {
      let inputs = rewrite.nodes[index].inputs
      guard case .add = rewrite.nodes[index].operation, inputs.count == 2 else { continue }
      let candidates = inputs.filter { rewrite.isReadOnce($0) && rewrite.nodes[$0].operation.epilogue == Epilogue() }
      guard let convolution = candidates.max() else { continue }
      var node = rewrite.nodes[convolution]
      node.operation.epilogue = Epilogue(addsResidual: true)
      node.inputs.append(inputs[0] == convolution ? inputs[1] : inputs[0])
      rewrite.replace(convolution, with: node)
      rewrite.redirectReaders(of: index, to: convolution)
    }
    return rewrite.finished()
  }
}
