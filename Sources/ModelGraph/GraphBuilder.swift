/// Builds a graph node by node; each method appends one node, infers its shape and returns its index.
package struct GraphBuilder {
  package private(set) var graph = Graph()

  package init() {}

  /// Appends a node with the weights that its operation needs.
  ///
  /// - Parameter weights: Makes the tensor of a role; called once for each parameter, in order.
  @discardableResult
  package mutating func append(
    _ name: String, _ operation: Operation, _ inputs: [Int] = [],
    weights: (_ role: ParameterRole, _ dimensions: [Int]) throws -> Tensor
  ) throws -> Int {
    var node = Node(name: name, operation: operation, inputs: inputs, shape: .vector(1))
    let count = graph.nodes.count
    guard inputs.allSatisfy({ (0..<count).contains($0) }) else {
      throw GraphError(node: name, reason: "reads nodes \(inputs), of \(count) nodes so far")
    }
    node.shape = try graph.inferredShape(of: node)
    for (role, dimensions) in try graph.requiredParameters(of: node) {
      node.parameters.append(graph.tensors.count)
      graph.tensors.append(try weights(role, dimensions))
    }
    graph.nodes.append(node)
    return count
  }

  /// Appends a node without weights.
  @discardableResult
  package mutating func append(_ name: String, _ operation: Operation, _ inputs: [Int] = []) throws -> Int {
    try append(name, operation, inputs) { role, _ in
      throw GraphError(node: name, reason: "no \(role) was given")
    }
  }

  package func shape(of node: Int) -> Shape { graph.nodes[node].shape }
}
