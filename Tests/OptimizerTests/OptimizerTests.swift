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
  func `a pass that leaves an invalid graph is named`(faulty: Faulty) throws {
    var small = try SmallGraph()
    try small.append("c", .pointwise(2))
    try small.append("pool", .maxPool(Window(size: Extent(2))))
    let error = #expect(throws: OptimizerError.self) {
      try Optimizer.optimize(small.graph, passes: [FuseResidual(), faulty, FuseActivation()])
    }
    #expect(error?.pass == faulty.name)
    #expect(error?.description.hasPrefix("pass \"\(faulty.name)\": ") == true)
  }

  @Test func `a graph that is invalid from the start is refused before the first pass`() throws {
    var graph = try SmallGraph().graph
    graph.nodes[0].shape = .vector(3)
    let error = #expect(throws: OptimizerError.self) { try Optimizer.optimize(graph) }
    #expect(error?.pass == nil)
    #expect(
      error?.description == "before optimization: node \"input\": declares the shape 3, inferred 4x4x2")
  }

  @Test func `every pass has its own name`() {
    #expect(Set(Optimizer.passes.map(\.name)).count == Optimizer.passes.count)
  }

  @Test func `a long chain and a node with many readers are rewritten without recursion`() throws {
    var small = try SmallGraph(1, 1, channels: 1)
    for number in 0..<2000 { try small.append("a\(number)", .activation(.identity)) }
    for number in 0..<2000 { try small.append("r\(number)", .pointwise(1), reads: ["a1999"]) }
    try small.append("sum", .add, reads: (0..<2000).map { "r\($0)" })
    #expect(try Optimizer.optimize(small.graph).nodes.count == 2002)
  }
}
