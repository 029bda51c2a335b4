import ModelGraph
import Testing

@testable import Optimizer

@Suite struct OptimizerTests {
  /// A pass that leaves what `change` makes of the graph.
  struct Faulty: Pass {
    let name: String
    let change: @Sendable (inout Graph) -> Void

    func apply(to graph: Graph) -> Graph {
      var graph = graph
      change(&graph)
      return graph
    }
  }

  @Test(arguments: [
    Faulty(name: "forgets a tensor") { $0.nodes[1].parameters = [] },
    Faulty(name: "shrinks a shape") { $0.nodes[1].shape = .map(height: 1, width: 1, channels: 2) },
    Faulty(name: "reads ahead") { $0.nodes[1].inputs = [2] },
    Faulty(name: "leaves a dead node") { $0.nodes[2].inputs = [0] },
    Faulty(name: "empties the graph") { $0 = Graph() },
  ])
  func `A pass that leaves an invalid graph is named`(faulty: Faulty) throws {
    var small = try SmallGraph()
    try small.append("c", .pointwise(2))
    try small.append("pool", .maxPool(Window(size: Extent(2))))
    let error = #expect(throws: GraphError.self) {
      try Optimizer.optimize(small.graph, passes: [FuseResidual(), faulty, FuseActivation()])
    }
    #expect(error?.pass == faulty.name)
    #expect(error?.description.hasPrefix("pass \"\(faulty.name)\": ") == true)
  }

  @Test func `A graph that is invalid from the start is refused before the first pass`() throws {
    var graph = try SmallGraph().graph
    graph.nodes[0].shape = .vector(3)
    let error = #expect(throws: GraphError.self) { try Optimizer.optimize(graph) }
    #expect(error?.pass == nil)
    #expect(
      error?.description == "node \"input\": declares the shape 3, inferred 4x4x2")
  }

  @Test func `Every pass has its own name`() {
    #expect(Set(Optimizer.passes.map(\.name)).count == Optimizer.passes.count)
  }

  @Test func `A chain of 20,000 nodes and a value with 5,000 readers are rewritten`() throws {
    let shape = Shape.map(height: 1, width: 1, channels: 1)
    var graph = Graph(nodes: [Node(name: "input", operation: .input(shape), inputs: [], shape: shape)])
    func append(_ operation: Operation, _ inputs: [Int], parameters: [Int] = []) {
      let name = "node \(graph.nodes.count)"
      graph.nodes.append(Node(name: name, operation: operation, inputs: inputs, parameters: parameters, shape: shape))
    }
    for last in 0..<20_000 { append(.activation(.identity), [last]) }
    append(.activation(.relu), [20_000])
    graph.tensors = [Tensor(name: "kernel", dimensions: [1, 1, 1, 1], values: [2])]
    for _ in 0..<5_000 { append(.pointwise(1), [20_001], parameters: [0]) }
    append(.add, Array(20_002..<25_002))
    let optimized = try Optimizer.optimize(graph)
    #expect(optimized.nodes.count == 5_002)
    #expect(optimized.structure[1] == "node 20002(input) = relu -> convolution 1x1 same")
  }
}
