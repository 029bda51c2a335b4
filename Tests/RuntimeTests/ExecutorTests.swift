import ModelGraph
import Optimizer
import TestSupport
import Testing

@testable import Runtime

extension PlanOptions {
  /// All that pays for large layers only, taken wherever it can be, with the smallest blocks; Winograd's transforms only
  /// where asked for, as they do not keep whole numbers whole.
  static func eager(winograd: Bool) -> PlanOptions {
    var options = PlanOptions()
    options.turnRows = 1
    options.turnMapBytes = 0
    options.strassenChannels = 1
    options.strassenPositions = 1
    options.strassenBytes = 0
    if winograd { options.winogradChannels = 1 }
    return options
  }
}

/// Largest distance from the reference, relative to the largest value: rounding of sums of up to some thousand terms, of
/// Winograd's and Strassen's products (about ten times as much), and of a dozen layers one after the other.
private let tolerance: Float = 4096 * .ulpOfOne

private func distance(_ found: [Float], _ expected: [Float]) -> Float {
  let largest = expected.map(abs).max() ?? 0
  return zip(found, expected).map { abs($0 - $1) }.max()! / max(largest, 1)
}

@Suite("The executor on random graphs and networks")
struct ExecutorTests {
  @Test(arguments: 0..<60) func `whole numbers give the reference's values bit for bit`(seed: Int) throws {
    var random = try RandomGraph(seed: UInt64(seed), values: .integers)
    let input = random.input()
    for graph in [random.graph, try Optimizer.optimize(random.graph)] {
      let expected = try ReferenceExecutor(graph).run(input)
      for set in InstructionSet.supported {
        for options in [PlanOptions(), .eager(winograd: false)] {
          for threads in [1, 3] {
            let pool = WorkerPool(threads: threads)
            let executor = Executor(
              plan: try Plan(graph, instructionSet: set, options: options, pool: pool), pool: pool)
            #expect(try executor.run(input) == expected, "\(set), \(threads) threads")
            #expect(try executor.run(input) == expected, "\(set), \(threads) threads, second run")
          }
        }
      }
    }
  }

  @Test(arguments: 0..<40) func `floats give the reference's values but for rounding`(seed: Int) throws {
    var random = try RandomGraph(seed: UInt64(seed))
    let input = random.input()
    let graph = try Optimizer.optimize(random.graph)
    let expected = try ReferenceExecutor(graph).run(input)
    let pool = WorkerPool(threads: 2)
    for set in InstructionSet.supported {
      for options in [PlanOptions(), .eager(winograd: true)] {
        let plan = try Plan(graph, instructionSet: set, options: options, pool: pool)
        let found = try Executor(plan: plan, pool: pool).run(input)
        #expect(distance(found, expected) <= tolerance, "\(set)")
      }
    }
  }

  @Test(arguments: InstructionSet.supported) func `a narrow Xception gives the reference's values`(
    set: InstructionSet
  ) throws {
    var network = XceptionNetwork()
    network.input = .map(height: 75, width: 71, channels: 3)
    network.widthDivisor = 16
    network.top = .classifier(.init(classes: 10, output: .logits))
    var weights = RandomWeights(seed: 3)
    let trained = try network.graph { weights.tensor($0, $1, $2) }
    let graph = try Optimizer.optimize(trained)
    let input = weights.input(count: graph.inputShape.elementCount)
    let expected = try ReferenceExecutor(trained).run(input)
    for options in [PlanOptions(), .eager(winograd: true)] {
      var first: [Float]?
      for threads in [1, 2, 3, 5, 16] {
        let pool = WorkerPool(threads: threads)
        let plan = try Plan(graph, instructionSet: set, options: options, pool: pool)
        let found = try Executor(plan: plan, pool: pool).run(input)
        #expect(distance(found, expected) <= tolerance)
        #expect(found == first ?? found, "\(threads) threads give other bits than 1")
        first = first ?? found
      }
    }
  }

  @Test(arguments: InstructionSet.supported) func `rows too long for the first-level cache give the same values`(
    set: InstructionSet
  ) throws {
    var weights = RandomWeights(seed: 8, values: .integers)
    var builder = GraphBuilder()
    let input = try builder.append("input", .input(.map(height: 2, width: 190, channels: 40)))
    let separable = SeparableConvolution(window: Window(size: Extent(3)), outputChannels: 70)
    try builder.append("separable", .separableConvolution(separable), [input]) {
      weights.tensor("separable", $0, $1)
    }
    let values = weights.input(count: builder.graph.inputShape.elementCount)
    let expected = try ReferenceExecutor(builder.graph).run(values)
    let pool = WorkerPool(threads: 2)
    for options in [PlanOptions(), .eager(winograd: false)] {
      let plan = try Plan(builder.graph, instructionSet: set, options: options, pool: pool)
      #expect(try Executor(plan: plan, pool: pool).run(values) == expected)
    }
  }

  @Test func `steps take turns and share memory where they can`() throws {
    var network = XceptionNetwork()
    network.input = .map(height: 71, width: 71, channels: 3)
    network.widthDivisor = 16
    var weights = RandomWeights(seed: 4)
    let graph = try Optimizer.optimize(network.graph { weights.tensor($0, $1, $2) })
    let pool = WorkerPool(threads: 1)
    let whole = try Plan(graph, pool: pool)
    let turns = try Plan(graph, options: .eager(winograd: false), pool: pool)
    #expect(turns.stageDescriptions.count < whole.stageDescriptions.count)
    #expect(turns.arenaByteCount < whole.arenaByteCount)
    #expect(turns.stageDescriptions.map(\.multiplyAdds).reduce(0, +) == graph.multiplyAdds)
    #expect(whole.stageDescriptions.map(\.multiplyAdds).reduce(0, +) == graph.multiplyAdds)
  }

  @Test func `callers at the same time all get the same bits`() async throws {
    var random = try RandomGraph(seed: 5)
    let input = random.input()
    let pool = WorkerPool(threads: 3)
    let executor = Executor(plan: try Plan(Optimizer.optimize(random.graph), pool: pool), pool: pool)
    let expected = try executor.run(input)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask { try (0..<20).allSatisfy { _ in try executor.run(input) == expected } }
      }
      for try await isEqual in group { #expect(isEqual) }
    }
  }

  @Test func `a cancelled run stops, and the next one is not affected`() throws {
    var random = try RandomGraph(seed: 6)
    let input = random.input()
    let pool = WorkerPool(threads: 2)
    let executor = Executor(plan: try Plan(random.graph, pool: pool), pool: pool)
    let expected = try executor.run(input)
    let cancellation = Cancellation()
    cancellation.cancel()
    #expect(throws: ExecutorError.cancelled) { try executor.run(input, cancellation: cancellation) }
    #expect(try executor.run(input, cancellation: Cancellation()) == expected)
  }

  @Test(arguments: GuardedFloats.Edge.allCases) func `nothing beyond the caller's memory is read or written`(
    edge: GuardedFloats.Edge
  ) throws {
    for seed in 10..<16 {
      var random = try RandomGraph(seed: UInt64(seed))
      let values = random.input()
      let pool = WorkerPool(threads: 2)
      for set in InstructionSet.supported {
        let executor = Executor(plan: try Plan(random.graph, instructionSet: set, pool: pool), pool: pool)
        let input = GuardedFloats(values, at: edge)
        let output = GuardedFloats(count: executor.plan.outputShape.elementCount, at: edge)
        try executor.run(UnsafeBufferPointer(input.floats), output: output.floats)
        #expect(try Array(output.floats) == executor.run(values))
      }
    }
  }

  @Test func `wrong counts are refused`() throws {
    let random = try RandomGraph(seed: 7)
    let pool = WorkerPool(threads: 1)
    let executor = Executor(plan: try Plan(random.graph, pool: pool), pool: pool)
    let count = random.graph.inputShape.elementCount
    #expect(throws: ExecutorError.count(of: "input", found: count + 1, expected: random.graph.inputShape)) {
      try executor.run([Float](repeating: 0, count: count + 1))
    }
  }

  @Test func `a border larger than any memory is refused`() throws {
    var builder = GraphBuilder()
    let input = try builder.append("input", .input(.map(height: 1 << 15, width: 1, channels: 64)))
    let window = Window(size: Extent(4096), dilation: Extent(4096))
    try builder.append(
      "convolution", .convolution(Convolution(window: window, outputChannels: 1, groups: 1)), [input]
    ) { role, dimensions in DimensionsOnly.tensor("convolution", role, dimensions) }
    #expect(throws: OutOfMemory.self) { try Plan(builder.graph, pool: WorkerPool(threads: 1)) }
  }

  @Test func `an instruction set is found by its name, or refused with a list`() throws {
    #expect(try InstructionSet(named: "portable") == .portable)
    #expect(try InstructionSet(named: nil) == .best)
    let error = #expect(throws: UnsupportedInstructionSet.self) { try InstructionSet(named: "mmx") }
    #expect(error?.description.contains("portable") == true)
  }
}
