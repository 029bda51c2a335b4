import Architectures
import ModelGraph
import Optimizer
import Runtime
import TestSupport
import Testing

/// Steps that take turns of a few rows, against the same steps one after the other.
@Suite struct StagingTests {
  /// Turns for maps and weights of any size.
  private static func staging(rows: Int) -> PlanOptions {
    var options = PlanOptions()
    options.turnMapBytes = 0
    options.turnWeightBytes = .max
    options.turnRows = rows
    return options
  }

  private static var unstaged: PlanOptions {
    var options = PlanOptions()
    options.turnMapBytes = .max
    return options
  }

  /// The entry flow's pattern at sides that are and are not multiples of the stride and the turn.
  @Test(arguments: [7, 8, 9, 16, 21], [1, 2, 3, 5, 100])
  func `Turns of an entry flow change no bit`(side: Int, rows: Int) throws {
    var network = XceptionNetwork()
    network.input = .map(height: 4 * side, width: 3 * side, channels: 3)
    network.widthDivisor = 32
    network.top = .none
    var weights = RandomWeights(seed: UInt64(side))
    let whole = try Optimizer.optimize(network.graph { weights.tensor($0, $1, $2) })
    // Up to the sum of the fourth block.
    let end = whole.nodes.firstIndex { $0.name.hasPrefix("block5") }!
    let nodes = Array(whole.nodes[..<end])
    let tensors = whole.tensors[...nodes.flatMap(\.parameters).max()!]
    let graph = Graph(nodes: nodes, tensors: Array(tensors))
    try expectTurnsChangeNothing(graph, for: weights.input(count: graph.inputShape.elementCount), rows: rows)
  }

  @Test(arguments: 0..<150)
  func `Turns of random graphs change no bit`(seed: Int) throws {
    var random = try RandomGraph(seed: UInt64(seed), steps: 10)
    let input = random.input()
    for graph in [random.graph, try Optimizer.optimize(random.graph)] {
      try expectTurnsChangeNothing(
        graph, for: input, rows: seed % 4 + 1, mayHaveNone: true, in: [Precision.allCases[seed % 3]])
    }
  }

  @Test(arguments: 0..<60)
  func `Turns of random graphs of whole numbers give the reference's values`(seed: Int) throws {
    var random = try RandomGraph(seed: UInt64(7000 + seed), steps: 10, values: .integers)
    let input = random.input()
    let graph = try Optimizer.optimize(random.graph)
    try expectReference(graph, for: input, .exact, options: Self.staging(rows: seed % 3 + 1))
  }

  /// Two members that each made the rows between them would add twice to memory that they share.
  @Test(arguments: [Activation.relu, .elu(alpha: 1)])
  func `A sum in place is not in turns with a window over it`(activation: Activation) throws {
    var network = try RandomWeighted(.map(height: 12, width: 5, channels: 4), seed: 1, .floats)
    let pointwise = Operation.convolution(Convolution(window: Window(size: Extent(1)), outputChannels: 4))
    let first = try network.append(pointwise)
    let second = try network.append(.softmax, [first])
    let third = try network.append(.softmax, [0])
    try network.append(.add, [second, third])
    try network.append(.activation(activation))
    try network.append(
      .convolution(Convolution(window: Window(size: Extent(5)), outputChannels: 3)))
    let input = network.input()
    try expectTurnsChangeNothing(network.graph, for: input, rows: 1)
  }

  private func expectTurnsChangeNothing(
    _ graph: Graph, for input: [Float], rows: Int, mayHaveNone: Bool = false,
    in precisions: [Precision] = Precision.allCases
  ) throws {
    for precision in precisions {
      let graph = precision == .int8 ? try graph.withIntegerKernels() : graph
      try expectTurnsChangeNothing(graph, precision, for: input, rows: rows, mayHaveNone: mayHaveNone)
    }
  }

  private func expectTurnsChangeNothing(
    _ graph: Graph, _ precision: Precision, for input: [Float], rows: Int, mayHaveNone: Bool
  ) throws {
    for set in InstructionSet.supported {
      let plain = Executor(
        plan: try Plan(
          graph, instructionSet: set, precision: precision, options: Self.unstaged, pool: testPool), pool: testPool)
      let staged = Executor(
        plan: try Plan(
          graph, instructionSet: set, precision: precision, options: Self.staging(rows: rows), pool: testPool),
        pool: testPool)
      #expect(
        mayHaveNone || staged.plan.stageDescriptions.contains { $0.kernel.contains("turns") },
        "no step takes turns")
      let expected = try plain.run(input, threads: 1)
      for threads in [1, 2, 3] {
        let found = try staged.run(input, threads: threads)
        #expect(
          found.map(\.bitPattern) == expected.map(\.bitPattern),
          "\(set), \(precision), \(threads) threads, \(rows) rows")
      }
    }
  }
}
