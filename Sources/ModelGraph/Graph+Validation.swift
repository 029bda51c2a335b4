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
      let isInput = if case .input = node.operation { true } else { false }
      guard isInput == (index == 0) else {
        throw GraphError(
          node: node.name,
          reason: isInput ? "a second input" : "the first node must be the input, found \(node.operation.name)")
      }
      for input in node.inputs {
        guard input >= 0, input < index else {
          let expected = index == 0 ? "none" : "one before it (0 to \(index - 1))"
          throw GraphError(node: node.name, reason: "reads node \(input), expected \(expected)")
        }
        nodeIsRead[input] = true
      }
      try check(node)
      for parameter in node.parameters { tensorIsUsed[parameter] = true }
    }
    if let orphan = tensorIsUsed.firstIndex(of: false) {
      throw GraphError(node: nil, tensor: orphan, reason: "tensor \"\(tensors[orphan].name)\" belongs to no node")
    }
    if let dead = nodeIsRead.dropLast().firstIndex(of: false) {
      throw GraphError(node: nodes[dead].name, reason: "its value is never read, and it is not the last node")
    }
  }

  /// The shape of a node's value as its operation and its inputs give it.
  package func inferredShape(of node: Node) throws(GraphError) -> Shape { try infer(node).shape }

  /// The roles and dimensions of the parameters that a node needs.
  package func requiredParameters(of node: Node) throws(GraphError) -> [(role: ParameterRole, dimensions: [Int])] {
    try infer(node).parameters
  }

  private func checkNames() throws(GraphError) {
    for (kind, names) in [("node", nodes.map(\.name)), ("tensor", tensors.map(\.name))] {
      var seen = Set<String>()
      for (index, name) in names.enumerated() where name.isEmpty || !seen.insert(name).inserted {
        throw GraphError(
          node: nil, tensor: kind == "tensor" ? index : nil,
          reason: name.isEmpty ? "a \(kind) without a name" : "two \(kind)s are named \"\(name)\"")
      }
    }
  }

  private func infer(_ node: Node) throws(GraphError) -> Inference {
    if let input = node.inputs.first(where: { !nodes.indices.contains($0) }) {
      throw GraphError(node: node.name, reason: "reads node \(input), of \(nodes.count) nodes")
    }
    do throws(InferenceError) {
      let shapes = node.inputs.map { nodes[$0].shape }
      for shape in shapes { try requireCount(of: shape.dimensions, "its input") }
      let inference = try node.operation.infer(shapes)
      try requireCount(of: inference.shape.dimensions, "its value")
      for parameter in inference.parameters { try requireCount(of: parameter.dimensions, "its \(parameter.role)") }
      return inference
    } catch {
      throw GraphError(node: node.name, reason: error.reason)
    }
  }

  private func requireCount(of dimensions: [Int], _ what: String) throws(InferenceError) {
    guard Limits.elementCount(of: dimensions) == nil else { return }
    let size = dimensions.map(String.init).joined(separator: "x")
    throw InferenceError(reason: "\(what) of \(size) is empty or exceeds \(Limits.elements) values")
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
          + " (\(inference.parameters.map(\.role.rawValue).joined(separator: ", ")))")
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
