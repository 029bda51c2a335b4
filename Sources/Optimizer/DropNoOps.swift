import ModelGraph

/// Drops the nodes whose value is their input's, at inference.
///
/// - an identity activation (a dropout, as an importer reads it): `f(x) = x`
/// - an activation `f` of a value that `g` made, where `f(g(x)) = g(x)`: ReLU and ELU keep what is not negative, ReLU6
///   what is from 0 to 6
/// - a concatenation of one value
/// - a maximum or average pool of a 1x1 window with stride 1 and no padding: the maximum or the mean of one value
/// - the flattening of a vector, and a reshaping to the same shape
struct DropNoOps: Pass {
  let name = "drop no-ops"

  func apply(to graph: Graph) -> Graph {
    var rewrite = Rewrite(graph)
    for (index, node) in graph.nodes.enumerated() {
      let inputs = rewrite.nodes[index].inputs
      guard let input = inputs.first, keeps(rewrite.nodes[input], node.operation, inputCount: inputs.count) else {
        continue
      }
      rewrite.redirectReaders(of: index, to: input)
    }
    return rewrite.finished()
  }

  /// Whether an operation gives its first input's value.
  private func keeps(_ input: Node, _ operation: Operation, inputCount: Int) -> Bool {
    switch operation {
    case .activation(let activation): activation == .identity || input.operation.isKept(by: activation)
    case .concatenate: inputCount == 1
    case .maxPool(let window): window.isTrivial(on: input.shape)
    case .averagePool(let pool): pool.window.isTrivial(on: input.shape)
    case .flatten: if case .vector = input.shape { true } else { false }
    case .reshape(let shape): shape == input.shape
    default: false
    }
  }
}

extension Operation {
  /// Whether every value that the operation makes is one that the activation keeps.
  fileprivate func isKept(by activation: Activation) -> Bool {
    let last: Activation
    if case .activation(let own) = self { last = own } else { last = outputActivation ?? .identity }
    switch (last, activation) {
    case (.relu, .relu), (.relu6, .relu), (.sigmoid, .relu), (.relu6, .relu6), (.sigmoid, .relu6): return true
    case (.relu, .elu), (.relu6, .elu), (.sigmoid, .elu): return true
    default: return false
    }
  }
}
