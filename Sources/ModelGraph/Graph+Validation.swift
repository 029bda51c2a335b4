extension Graph {
  /// Checks that the graph is one that can run: nodes in order, each applicable to its inputs, every weight of the
  /// shape that its node needs, nothing left over.
  package func validate() throws(GraphError) {
    guard !nodes.isEmpty, nodes.count <= Limits.nodes else {
      throw GraphError(node: nil, reason: "has \(nodes.count) nodes, expected 1 to \(Limits.nodes)")
    }
    try checkNames()
    var tensorIsUsed = [Bool](repeating: false, count: tensors.count)
    var nodeIsRead = [Bool](repeating: false, count: nodes.count)
    for (index, node) in nodes.enumerated() {
      if case .input = node.operation, index > 0 {
        throw GraphError(node: node.name, reason: "a second input")
      } else if index == 0, case .input = node.operation {
      } else if index == 0 {
        throw GraphError(node: node.name, reason: "the first node must be the input, found \(node.operation.name)")
      }
      for input in node.inputs {
        guard input >= 0, input < index else {
          throw GraphError(
            node: node.name, reason: "reads node \(input), expected one before it (0 to \(index - 1))")
        }
        nodeIsRead[input] = true
      }
      try check(node)
      for parameter in node.parameters { tensorIsUsed[parameter] = true }
    }
    if let orphan = tensorIsUsed.firstIndex(of: false) {
      throw GraphError(node: nil, reason: "tensor \"\(tensors[orphan].name)\" belongs to no node")
    }
    if let dead = nodeIsRead.dropLast().firstIndex(of: false) {
      throw GraphError(node: nodes[dead].name, reason: "its value is never read, and it is not the last node")
    }
  }

  /// The shape of a node's value as its operation and its inputs give it.
  package func inferredShape(of node: Node) throws(GraphError) -> Shape { try infer(node).shape }

  /// The roles and dimensions of the parameters that a node needs.
  package func requiredParameters(of node: Node) throws(GraphError) -> [(role: String, dimensions: [Int])] {
    try infer(node).parameters
  }

  private func checkNames() throws(GraphError) {
    for (kind, names) in [("node", nodes.map(\.name)), ("tensor", tensors.map(\.name))] {
      var seen = Set<String>()
      for name in names where name.isEmpty || !seen.insert(name).inserted {
        throw GraphError(
          node: nil, reason: name.isEmpty ? "a \(kind) without a name" : "two \(kind)s are named \"\(name)\"")
      }
    }
  }

  private func infer(_ node: Node) throws(GraphError) -> Inference {
    do throws(InferenceError) {
      let inference = try node.operation.infer(node.inputs.map { nodes[$0].shape })
      guard inference.shape.checkedElementCount != nil else {
        throw InferenceError(reason: "its shape \(inference.shape) is empty or exceeds \(Limits.elements) values")
      }
      return inference
    } catch {
      throw GraphError(node: node.name, reason: error.reason)
    }
  }

  private func check(_ node: Node) throws(GraphError) {
    let inference = try infer(node)
    guard inference.shape == node.shape else {
      throw GraphError(node: node.name, reason: "declares the shape \(node.shape), inferred \(inference.shape)")
    }
    guard node.parameters.count == inference.parameters.count else {
      throw GraphError(
        node: node.name,
        reason: "has \(node.parameters.count) weights, expected \(inference.parameters.count)"
          + " (\(inference.parameters.map(\.role).joined(separator: ", ")))")
    }
    for (index, required) in zip(node.parameters, inference.parameters) {
      guard tensors.indices.contains(index) else {
        throw GraphError(
          node: node.name, reason: "its \(required.role) is tensor \(index), of \(tensors.count) tensors")
      }
      let tensor = tensors[index]
      guard tensor.dimensions == required.dimensions else {
        throw GraphError(
          node: node.name,
          reason: "its \(required.role) \"\(tensor.name)\" has the dimensions \(tensor.dimensions),"
            + " expected \(required.dimensions)")
      }
      guard tensor.scale == nil || tensor.scale?.count == tensor.dimensions.last else {
        throw GraphError(
          node: node.name,
          reason: "its \(required.role) \"\(tensor.name)\" has \(tensor.scale?.count ?? 0) scales,"
            + " expected \(tensor.dimensions.last ?? 0)")
      }
    }
  }
}
