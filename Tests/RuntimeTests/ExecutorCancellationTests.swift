import Architectures
import ModelGraph
import Optimizer
import Synchronization
import TestSupport
import Testing
import Threads

@testable import Runtime

@Suite struct ExecutorCancellationTests {
  private static func executor(threads: Int) throws -> Executor {
    var network = XceptionNetwork()
    network.input = .map(height: 60, width: 60, channels: 3)
    network.widthDivisor = 16
    network.top = .classifier(.init(classes: 5))
    var weights = RandomWeights(seed: 3)
    let graph = try Optimizer.optimize(network.graph { weights.tensor($0, $1, $2) })
    let pool = WorkerPool(threads: threads)
    return Executor(plan: try Plan(graph, pool: pool), pool: pool)
  }

  @Test(arguments: [1, 2, 5])
  func `A run that is cancelled before it starts stops after its first stage`(threads: Int) throws {
    let executor = try Self.executor(threads: threads)
    let times = RunTimes(for: executor.plan)
    let cancellation = Cancellation()
    cancellation.cancel()
    #expect(throws: ExecutorError.cancelled) { try Self.run(executor, cancellation, times) }
    #expect(times.times.prefix(2).allSatisfy { $0 > 0 } && times.times.dropFirst(2).allSatisfy { $0 == 0 })
  }

  /// Another thread cancels at some moment of each run until three were caught in their midst. After it has, at most the
  /// stage that had already looked at the cancellation and the one after it can end.
  @Test(arguments: [1, 2, 5])
  func `A run that is cancelled stops within a stage, and the next one is whole`(threads: Int) throws {
    let executor = try Self.executor(threads: threads)
    let stages = executor.plan.stages.count
    let expected = try Self.run(executor, nil, nil)
    let whole = RunTimes(for: executor.plan)
    try Self.run(executor, nil, whole)
    let duration = whole.times[stages] - whole.times[0]
    let pair = WorkerPool(threads: 2)
    var caught = 0
    for attempt in 0..<500 where caught < 3 {
      let times = RunTimes(for: executor.plan)
      let cancellation = Cancellation()
      let cancelled = Atomic<UInt64>(.max)
      let isCancelled = Lock(false)
      pair.run { member in
        member.barrier()
        if member.index == 0 {
          do throws(ExecutorError) { try Self.run(executor, cancellation, times) } catch {
            isCancelled.withLock { $0 = error == .cancelled }
          }
        } else {
          let end = Spin.now() + duration * UInt64(attempt % 8 + 1) / 10
          while Spin.now() < end {}
          cancellation.cancel()
          // The exchange makes the cancellation visible before the clock is read.
          _ = cancelled.exchange(0, ordering: .sequentiallyConsistent)
          cancelled.store(Spin.now(), ordering: .relaxed)
        }
      }
      let last = times.times.lastIndex { $0 > 0 } ?? 0
      if isCancelled.withLock({ $0 }), last < stages { caught += 1 }
      let time = cancelled.load(ordering: .relaxed)
      #expect(times.times.count { $0 > time } <= 2, "stage \(last) of \(stages) ended")
      #expect(try Self.run(executor, nil, nil) == expected)
    }
    #expect(caught == 3)
  }

  @Test func `A cancellation that is never asked for changes nothing`() throws {
    let executor = try Self.executor(threads: 2)
    #expect(try Self.run(executor, Cancellation(), nil) == Self.run(executor, nil, nil))
  }

  @discardableResult
  private static func run(
    _ executor: Executor, _ cancellation: Cancellation?, _ times: RunTimes?
  ) throws(ExecutorError) -> [Float] {
    let input = [Float](repeating: 0.25, count: executor.plan.inputShape.elementCount)
    var output = [Float](repeating: 0, count: executor.plan.outputShape.elementCount)
    try unsafe input.withUnsafeBufferPointer { input throws(ExecutorError) in
      try unsafe output.withUnsafeMutableBufferPointer { output throws(ExecutorError) in
        try unsafe executor.run(input, output: output, cancellation: cancellation, times: times)
      }
    }
    return output
  }
}
