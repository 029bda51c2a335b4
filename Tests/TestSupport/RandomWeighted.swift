import ModelGraph

/// Builds graphs of few nodes with random weights.
package struct RandomWeighted {
  package private(set) var builder = GraphBuilder()
  private var weights: RandomWeights
  /// The values of the kernels of some nodes, instead of random ones.
  package var kernels: [Int: [Float]] = [:]

  package init(_ shape: Shape, seed: UInt64, _ values: RandomWeights.Values) throws {
    weights = RandomWeights(seed: seed, values: values)
    try builder.append("input", .input(shape))
  }

  /// Appends a node that reads the one before it, or those given, with random parameters or a given one.
  @discardableResult
  package mutating func append(_ operation: Operation, _ inputs: [Int]? = nil, values: [Float]? = nil) throws -> Int {
    let count = builder.graph.nodes.count
    return try builder.append("node\(count)", operation, inputs ?? [count - 1]) { role, dimensions in
      if let values { return Tensor(name: "node\(count)", dimensions: dimensions, values: values) }
      return weights.tensor("node\(count)", role, dimensions)
    }
  }

  package var graph: Graph {
    var graph = builder.graph
    for (node, values) in kernels {
      let index = graph.nodes[node].parameters[0]
      graph.tensors[index] = Tensor(
        name: "kernel\(node)", dimensions: graph.tensors[index].dimensions, values: values)
    }
    return graph
  }

  /// A random input of the graph.
  package mutating func input() -> [Float] { weights.input(count: builder.graph.inputShape.elementCount) }
}
