import ModelGraph

/// Fuses an activation into the convolutions (of either kind) that read it, where it could not be fused into the step that
/// makes its input: in Xception the ReLU that starts a block, whose input the shortcut reads too.
///
///     W f(x): the same function of the same value, applied as the value is read
///
/// All its readers must be convolutions that read it as their input, not as their residual, and that have no activation
/// there yet. Only functions with `f(0) = 0` are taken (ReLU, ELU, but not sigmoid), so a kernel may apply them to a
/// row that is padded already.
struct FuseInputActivation: Pass {
  let name = "fuse input activation"

  func apply(to graph: Graph) -> Graph {
    var rewrite = Rewrite(graph)
    for index in graph.nodes.indices {
      guard case .activation(let activation) = graph.nodes[index].operation, activation.keepsZero else { continue }
      let readers = rewrite.consumers[index]
      guard !readers.isEmpty, readers.allSatisfy({ canApply(rewrite.nodes[$0], to: index) }) else { continue }
      for reader in readers {
        var node = rewrite.nodes[reader]
        node.operation.inputActivation = activation
        rewrite.replace(reader, with: node)
      }
      rewrite.redirectReaders(of: index, to: rewrite.nodes[index].inputs[0])
    }
    return rewrite.finished()
  }

  private func canApply(_ reader: Node, to value: Int) -> Bool {
    reader.operation.inputActivation == .identity && !reader.inputs.dropFirst().contains(value)
  }
}
