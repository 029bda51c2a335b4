/// One step of a network.
package struct Node: Hashable, Sendable {
  package var name: String
  package var operation: Operation
  /// The nodes whose values it reads, by index, each before it.
  package var inputs: [Int]
  /// Its weights, as indices of `Graph.tensors`, in the order that the operation states.
  package var parameters: [Int]
  /// The shape of its value.
  package var shape: Shape

  package init(name: String, operation: Operation, inputs: [Int], parameters: [Int] = [], shape: Shape) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
    self.parameters = parameters
    self.shape = shape
  }
}

/// A static network: nodes in an order in which they can run, and their weights.
///
/// The first node is the only input, the last one the output. `validate()` states all the rules.
package struct Graph: Sendable {
  package var nodes: [Node]
  package var tensors: [Tensor]

  package init(nodes: [Node] = [], tensors: [Tensor] = []) {
    self.nodes = nodes
    self.tensors = tensors
  }

  package var inputShape: Shape { nodes[0].shape }
  package var outputShape: Shape { nodes[nodes.count - 1].shape }

  /// For each node, the nodes that read its value, in order; a node that reads it twice is listed twice.
  package var consumers: [[Int]] {
    var consumers = [[Int]](repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() {
      for input in node.inputs { consumers[input].append(index) }
    }
    return consumers
  }

  /// The node whose value enters the classifier: the input of the last dense layer, or nil without one.
  package var featureNode: Int? {
    nodes.last { if case .dense = $0.operation { true } else { false } }?.inputs.first
  }

  package var parameterCount: Int { tensors.reduce(0) { $0 + $1.elementCount } }

  /// All parameters but the moving means and variances of batch normalizations, as Keras counts them.
  package var trainableParameterCount: Int {
    nodes.reduce(parameterCount) { count, node in
      guard case .batchNormalization = node.operation else { return count }
      return count - node.parameters.suffix(2).reduce(0) { $0 + tensors[$1].elementCount }
    }
  }

  /// Gives back the memory that reading the tensors keeps for what is read next.
  package func releaseMemory() { for tensor in tensors { tensor.contents.releaseMemory() } }
}
