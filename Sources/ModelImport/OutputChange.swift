import ModelGraph

/// How the last values, which are of a kind, become what is asked for: a softmax or sigmoid is added or removed.
struct OutputChange {
  let found: Metadata.Output

  /// - Returns: What the last values are then.
  func apply(_ wanted: Metadata.Output?, to graph: inout Graph) throws(ImportError) -> Metadata.Output {
    guard let wanted, wanted != found else { return found }
    switch (found, wanted) {
    case (.classLogits, .labelLogits): return .labelLogits
    case (.classLogits, .classProbabilities) where graph.outputShape.elementCount == 1,
      (.classLogits, .labelProbabilities), (.labelLogits, .labelProbabilities):
      try append(.activation(.sigmoid), named: "sigmoid", to: &graph)
      return .labelProbabilities
    case (.classLogits, .classProbabilities):
      try append(.softmax, named: "softmax", to: &graph)
      return .classProbabilities
    case (.classProbabilities, .classLogits):
      try removeLast(of: &graph)
      return .classLogits
    case (.labelProbabilities, .classLogits), (.labelProbabilities, .labelLogits):
      try removeLast(of: &graph)
      return .labelLogits
    default:
      throw .options(
        reason: "the output is \(found.rawValue), which cannot become \(wanted.rawValue)")
    }
  }

  private func append(_ operation: Operation, named suffix: String, to graph: inout Graph) throws(ImportError) {
    let last = graph.nodes[graph.nodes.count - 1]
    guard case .vector = last.shape else {
      throw .options(reason: "the output is a map of \(last.shape): it has no probabilities")
    }
    graph.nodes.append(
      Node(name: last.name + "/" + suffix, operation: operation, inputs: [graph.nodes.count - 1], shape: last.shape))
  }

  private func removeLast(of graph: inout Graph) throws(ImportError) {
    let last = graph.nodes[graph.nodes.count - 1]
    switch last.operation {
    case .softmax, .activation(.sigmoid): break
    default: throw .options(reason: "\"\(last.name)\" is no softmax or sigmoid: it cannot be removed")
    }
    guard graph.nodes.count > 2, last.inputs == [graph.nodes.count - 2],
      graph.consumers[graph.nodes.count - 2].count == 1
    else { throw .options(reason: "\"\(last.name)\" does not follow the logits directly: it cannot be removed") }
    graph.nodes.removeLast()
  }
}
