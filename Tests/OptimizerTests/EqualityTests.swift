import ModelGraph
import Reference
import Runtime
import TestSupport
import Testing

@testable import Optimizer

/// Expects two graphs to give the same output, and the same values of their feature nodes, but for rounding.
///
/// The reference executor rounds the value of each node once, to 2^-24 of it, and a folded factor or bias is rounded once
/// too. With weights that keep the size of values, an error that enters at one node reaches the output about as large as it was;
/// so the bound is 2^-24 of the largest value anywhere in the graph, for each node before optimization (the worst of these
/// graphs comes to a seventh of it).
func expectSameValues(
  _ original: Graph, _ rewritten: Graph, for input: [Float], exactly: Bool = false,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let nodes = Array(original.nodes.indices)
  let all = try ReferenceExecutor(original).values(for: input, of: nodes)
  let largest = all.lazy.joined().reduce(1) { max($0, abs($1)) }
  let tolerance = exactly ? 0 : Float(nodes.count) * largest * 0x1p-24
  let found = try ReferenceExecutor(rewritten).values(
    for: input, of: [rewritten.nodes.count - 1] + (rewritten.featureNode.map { [$0] } ?? []))
  let expected = [all[nodes.count - 1]] + (original.featureNode.map { [all[$0]] } ?? [])
  #expect(found.map(\.count) == expected.map(\.count), sourceLocation: sourceLocation)
  let unequal = zip(found.joined(), expected.joined()).first { !(abs($0 - $1) <= tolerance) }
  #expect(unequal == nil, "tolerance \(tolerance)", sourceLocation: sourceLocation)
}

/// What of a graph a pass may change: its nodes and its tensors but for their contents.
private func outline(_ graph: Graph) -> [String] {
  graph.nodes.map { "\($0)" } + graph.tensors.map { "\($0.name) \($0.dimensions) \($0.scale ?? [])" }
}

@Suite struct RandomGraphTests {
  static let seeds = 0..<30

  @Test(arguments: Optimizer.passes.indices)
  func `Each pass keeps the values, after the passes before it and alone`(number: Int) throws {
    var changed = 0
    for seed in Self.seeds {
      var random = try RandomGraph(seed: UInt64(seed))
      let input = random.input()
      let before = try Optimizer.optimize(random.graph, passes: Array(Optimizer.passes[..<number]))
      for graph in number == 0 ? [before] : [before, random.graph] {
        let rewritten = try Optimizer.optimize(graph, passes: [Optimizer.passes[number]])
        if outline(rewritten) != outline(graph) {
          changed += 1
          try expectSameValues(graph, rewritten, for: input)
        }
      }
    }
    #expect(changed > 3, "the random graphs give the pass too little to do")
  }

  @Test func `All passes together keep the values`() throws {
    for seed in Self.seeds {
      var random = try RandomGraph(seed: UInt64(seed), steps: 12)
      try expectSameValues(random.graph, try Optimizer.optimize(random.graph), for: random.input())
    }
  }

  @Test func `Whole numbers stay equal bit for bit`() throws {
    for seed in Self.seeds {
      var random = try RandomGraph(seed: UInt64(1000 + seed), values: .integers)
      try expectSameValues(random.graph, try Optimizer.optimize(random.graph), for: random.input(), exactly: true)
    }
  }

  @Test func `A tensor that several nodes share is changed for none of the others`() throws {
    for seed in Self.seeds {
      var random = try RandomGraph(seed: UInt64(1500 + seed), values: .integers)
      let graph = sharingTensors(random.graph)
      try expectSameValues(graph, try Optimizer.optimize(graph), for: random.input(), exactly: true)
    }
  }

  /// The graph with one tensor for all parameters of the same role and dimensions.
  private func sharingTensors(_ graph: Graph) -> Graph {
    var shared = Graph(nodes: graph.nodes)
    var known: [String: Int] = [:]
    let indices = graph.tensors.map { tensor in
      let role = tensor.name.split(separator: "/").last ?? ""
      return known["\(role) \(tensor.dimensions)"]
        ?? {
          shared.tensors.append(tensor)
          known["\(role) \(tensor.dimensions)"] = shared.tensors.count - 1
          return shared.tensors.count - 1
        }()
    }
    for index in shared.nodes.indices {
      shared.nodes[index].parameters = graph.nodes[index].parameters.map { indices[$0] }
    }
    return shared
  }

  @Test func `The passes keep the values in any order and any number`() throws {
    var generator = SplitMix64(seed: 5)
    for seed in Self.seeds {
      var random = try RandomGraph(seed: UInt64(2000 + seed), values: .integers)
      let passes = (Optimizer.passes + Optimizer.passes).shuffled(using: &generator)
      let rewritten = try Optimizer.optimize(random.graph, passes: passes)
      try expectSameValues(random.graph, rewritten, for: random.input(), exactly: true)
    }
  }

  @Test func `Optimizing an optimized graph changes nothing`() throws {
    for seed in 0..<100 {
      let optimized = try Optimizer.optimize(try RandomGraph(seed: UInt64(3000 + seed), steps: 12).graph)
      #expect(outline(try Optimizer.optimize(optimized)) == outline(optimized))
    }
  }

  @Test func `The same graph is optimized to the same graph`() throws {
    let graph = try RandomGraph(seed: 1, steps: 20).graph
    #expect(outline(try Optimizer.optimize(graph)) == outline(try Optimizer.optimize(graph)))
  }

  @Test func `Optimization leaves no work that a pass was to take away`() throws {
    for seed in Self.seeds {
      let graph = try Optimizer.optimize(try RandomGraph(seed: UInt64(4000 + seed), steps: 12).graph)
      for node in graph.nodes {
        switch node.operation {
        case .batchNormalization: #expect(graph.nodes[node.inputs[0]].shape.dimensions.count == 1)
        case .activation(let activation): #expect(activation != .identity)
        case .concatenate: #expect(node.inputs.count > 1)
        default: break
        }
      }
    }
  }
}
