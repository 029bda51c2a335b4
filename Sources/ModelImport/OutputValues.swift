import ModelGraph

/// What a graph's last values are, as far as its operations tell.
///
/// Behind a softmax or a sigmoid there may be operations that leave probabilities what they are, or mix them: several heads'
/// mean, a clamp. Anything else that is made of probabilities leaves open what it is.
struct OutputValues {
  enum Finding: Hashable {
    case known(Metadata.Output)
    /// Made in another way of the probabilities of the node of this name.
    case open(probabilities: String)
  }

  private let graph: Graph
  /// Of each node; nil where its values are no sum of probabilities.
  private var mixtures: [Mixture?] = []

  init(of graph: Graph) {
    self.graph = graph
    for node in graph.nodes { mixtures.append(mixture(node)) }
  }

  var finding: Finding {
    let last = graph.nodes.count - 1
    if let mixture = mixtures[last], abs(mixture.weight - 1) < 1e-3 { return .known(mixture.kind) }
    if let source = probabilities(behind: last) { return .open(probabilities: graph.nodes[source].name) }
    return .known(.classLogits)
  }

  /// A sum of probabilities, each by a factor of its own; these add up to `weight`.
  private struct Mixture {
    let kind: Metadata.Output
    var weight = 1.0
  }

  /// - Parameter node: The next one: those before it have been looked at.
  private func mixture(_ node: Node) -> Mixture? {
    switch node.operation {
    // What sparsemax makes is not to go through a softmax again, although Keras's adds up to 1 only sometimes.
    case .softmax, .sparsemax:
      return node.shape.elementCount == node.shape.channels ? Mixture(kind: .classProbabilities) : nil
    case .activation(.sigmoid), .activation(.hardSigmoid): return Mixture(kind: .labelProbabilities)
    case .activation(.exponential):
      return graph.nodes[node.inputs[0]].operation == .logSoftmax ? Mixture(kind: .classProbabilities) : nil
    case .activation(.clip(let minimum, let maximum)):
      return minimum <= 0.01 && maximum >= 0.99 ? mixtures[node.inputs[0]] : nil
    case .activation(.relu), .flatten, .reshape: return mixtures[node.inputs[0]]
    case .batchNormalization(let normalization):
      guard var mixture = mixtures[node.inputs[0]], let factor = factor(of: node, normalization) else { return nil }
      mixture.weight *= factor
      return mixture
    case .add:
      var parts: [Mixture] = []
      for input in node.inputs {
        guard let part = mixtures[input], part.kind == parts.first?.kind ?? part.kind else { return nil }
        parts.append(part)
      }
      return parts.first.map { Mixture(kind: $0.kind, weight: parts.reduce(0) { $0 + $1.weight }) }
    default: return nil
    }
  }

  /// The one positive factor by which a normalization multiplies all channels; nil where it does anything else.
  private func factor(of node: Node, _ normalization: BatchNormalization) -> Double? {
    let tensors = node.parameters.map { graph.tensors[$0] }
    guard normalization.epsilon == 0, normalization.hasGamma, let rows = try? tensors.map({ try $0.values() }),
      let factor = rows.first?.first, factor > 0, rows[0].allSatisfy({ $0 == factor }),
      rows.dropFirst().dropLast().joined().allSatisfy({ $0 == 0 }), rows[rows.count - 1].allSatisfy({ $0 == 1 })
    else { return nil }
    return Double(factor)
  }

  /// The first node that makes probabilities of which a node's values are made with no weights in between.
  private func probabilities(behind last: Int) -> Int? {
    var (pending, seen) = ([last], Set([last]))
    while let index = pending.popLast() {
      let node = graph.nodes[index]
      switch node.operation {
      case .softmax, .sparsemax, .activation(.sigmoid), .activation(.hardSigmoid): return index
      // The logarithms of probabilities are logits.
      case .activation(.logarithm) where node.inputs.allSatisfy({ mixtures[$0] != nil }): continue
      case .activation, .add, .binary, .batchNormalization, .concatenate, .flatten, .reshape, .slice,
        .unitNormalization:
        pending += node.inputs.filter { seen.insert($0).inserted }
      default: continue
      }
    }
    return nil
  }
}
