import Architectures
import CTestSupport
import Foundation
import ModelGraph
import Optimizer
import Runtime
import Synchronization
import TestSupport
import Testing
import Threads

/// Whether results depend on who computes them.
@Suite struct ExecutorThreadsTests {
  /// Wide enough for Winograd's layer, shared and own row panels, and, with the smallest limits, turns.
  private static func network(_ precision: Precision) throws -> (Graph, [Float]) {
    var network = XceptionNetwork()
    network.input = .map(height: 31, width: 38, channels: 3)
    network.widthDivisor = 16
    network.top = .classifier(.init(classes: 21))
    var weights = RandomWeights(seed: 77)
    let graph = try Optimizer.optimize(network.graph { weights.tensor($0, $1, $2) })
    return (
      precision == .int8 ? try graph.withIntegerKernels() : graph, weights.input(count: graph.inputShape.elementCount)
    )
  }

  private static var staged: PlanOptions {
    var options = PlanOptions()
    options.turnMapBytes = 0
    return options
  }

  @Test(arguments: InstructionSet.supported, Precision.allCases)
  func `Any number of threads gives the same bits`(set: InstructionSet, precision: Precision) throws {
    for isStaged in [false, true] { try expectSameBits(set, precision, isStaged ? Self.staged : PlanOptions()) }
  }

  private func expectSameBits(_ set: InstructionSet, _ precision: Precision, _ options: PlanOptions) throws {
    let (graph, input) = try Self.network(precision)
    let pool = WorkerPool(threads: 16)
    func made(_ pool: WorkerPool) throws -> Executor {
      Executor(
        plan: try Plan(graph, instructionSet: set, precision: precision, options: options, pool: pool), pool: pool)
    }
    let executor = try made(pool)
    let expected = try executor.runWithFeatures(input, threads: 1)
    for threads in [1, 2, 3, 5, 8, 16, 16] {
      let found = try executor.runWithFeatures(input, threads: threads)
      #expect(found.output.map(\.bitPattern) == expected.output.map(\.bitPattern), "\(threads) threads")
      #expect(found.features.map(\.bitPattern) == expected.features.map(\.bitPattern), "\(threads) threads")
    }
    // Another pool packs the weights in another order.
    let other = try made(WorkerPool(threads: 1))
    #expect(try other.run(input).map(\.bitPattern) == expected.output.map(\.bitPattern))
  }

  /// Members are held up for up to 200 microseconds wherever that can be, so that each run has another schedule.
  private static func delayedPool(threads: Int) -> WorkerPool {
    let calls = Calls(seed: UInt64(threads))
    return WorkerPool(threads: threads) {
      let number = calls.next()
      if number >> 60 == 0 { usleep(UInt32(number >> 32 & 0xff)) }
    }
  }

  @Test(arguments: InstructionSet.supported, Precision.allCases)
  func `Whoever is held up, the bits are the same`(set: InstructionSet, precision: Precision) throws {
    let (graph, input) = try Self.network(precision)
    for isStaged in [false, true] {
      let options = isStaged ? Self.staged : PlanOptions()
      for threads in [2, 7] {
        let pool = Self.delayedPool(threads: threads)
        let executor = Executor(
          plan: try Plan(graph, instructionSet: set, precision: precision, options: options, pool: pool), pool: pool)
        let expected = try executor.runWithFeatures(input, threads: 1)
        for _ in 0..<2 {
          let found = try executor.runWithFeatures(input)
          #expect(found.output.map(\.bitPattern) == expected.output.map(\.bitPattern), "\(threads) threads")
          #expect(found.features.map(\.bitPattern) == expected.features.map(\.bitPattern), "\(threads) threads")
        }
      }
    }
  }

  /// Of the layers that Xception lacks, by callers one after the other and three at once.
  @Test(arguments: InstructionSet.supported, Precision.allCases)
  func `Whoever is held up in other networks, and whoever else calls, the bits are the same`(
    set: InstructionSet, precision: Precision
  ) async throws {
    let pool = Self.delayedPool(threads: 5)
    for network in SmallNetwork.allCases {
      let (graph, input) = try network.graph(precision)
      for isStaged in precision == .float32 ? [false, true] : [false] {
        let plan = try Plan(
          graph, instructionSet: set, precision: precision, options: SmallNetwork.options(isStaged: isStaged),
          pool: pool)
        let found = plan.stageDescriptions.map(\.kernel)
        for kernel in network.kernels(precision) where !isStaged {
          #expect(found.contains { $0.contains(kernel) }, "\(network) has no \(kernel): \(found)")
        }
        let executor = Executor(plan: plan, pool: pool)
        let expected = try executor.run(input, threads: 1).map(\.bitPattern)
        for threads in isStaged ? 5...5 : 2...5 {
          #expect(
            try executor.run(input, threads: threads).map(\.bitPattern) == expected, "\(network), \(threads) threads")
        }
        try await withThrowingTaskGroup(of: [UInt32].self) { group in
          for _ in 0..<3 { group.addTask { try executor.run(input).map(\.bitPattern) } }
          for try await bits in group { #expect(bits == expected, "\(network), callers at once") }
        }
      }
    }
  }

  /// A fork copies no threads: the pool starts others in the child.
  @Test func `A child of a process that has run a network runs it, with the same bits`() async {
    await #expect(processExitsWith: .success) {
      guard let family = Family.shared, family.runsAsExpected else { exit(1) }
      exit(result_in_child({ _ in Family.shared?.runsAsExpected == true ? 0 : 2 }, nil))
    }
  }

  /// What a process and its child run.
  private struct Family {
    static let shared = try? Family()

    let executor: Executor
    let input: [Float]
    let expected: [UInt32]

    init() throws {
      let (graph, input) = try ExecutorThreadsTests.network(.float32)
      let pool = WorkerPool(threads: 3)
      executor = Executor(plan: try Plan(graph, pool: pool), pool: pool)
      self.input = input
      expected = try executor.run(input, threads: 1).map(\.bitPattern)
    }

    var runsAsExpected: Bool {
      (0..<5).allSatisfy { _ in (try? executor.run(input).map(\.bitPattern)) == expected }
    }
  }

  @Test(arguments: InstructionSet.supported, Precision.allCases)
  func `Eight callers at once get the same bits as one`(set: InstructionSet, precision: Precision) async throws {
    let (graph, input) = try Self.network(precision)
    let pool = WorkerPool(threads: 3)
    let executor = Executor(
      plan: try Plan(graph, instructionSet: set, precision: precision, pool: pool), pool: pool)
    let inputs = (0..<8).map { caller in input.map { $0 * Float(caller + 1) / 4 } }
    let expected = try inputs.map { try executor.run($0, threads: 1) }
    try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
      for caller in inputs.indices {
        group.addTask {
          _ = try executor.run(inputs[caller])
          return (caller, try executor.run(inputs[caller]))
        }
      }
      for try await (caller, found) in group {
        #expect(found.map(\.bitPattern) == expected[caller].map(\.bitPattern), "caller \(caller)")
      }
    }
  }
}

/// A sequence of numbers that any thread takes the next one of.
private final class Calls: Sendable {
  private let number: Atomic<UInt64>

  init(seed: UInt64) { number = Atomic(seed) }

  func next() -> UInt64 { number.wrappingAdd(0x9e37_79b9_7f4a_7c15, ordering: .relaxed).newValue }
}
