import Architectures
import ModelGraph
import Optimizer
import Runtime
import TestSupport
import Testing
import Threads

@Suite struct ExecutorAllocationTests {
  @Test(
    .enabled(if: AllocationCounter.isAvailable, "allocations cannot be counted here"), arguments: Precision.allCases)
  func `A run allocates nothing once the first has made its memory`(precision: Precision) throws {
    var network = XceptionNetwork()
    network.input = .map(height: 40, width: 40, channels: 3)
    network.widthDivisor = 16
    network.top = .classifier(.init(classes: 5))
    var weights = RandomWeights(seed: 1)
    let optimized = try Optimizer.optimize(network.graph { weights.tensor($0, $1, $2) })
    let graph = precision == .int8 ? try optimized.withIntegerKernels() : optimized
    let input = unsafe UnsafeBufferPointer(filled(graph.inputShape.elementCount))
    let output = unsafe filled(graph.outputShape.elementCount)
    defer {
      unsafe input.deallocate()
      unsafe output.deallocate()
    }
    for set in InstructionSet.supported {
      let pool = WorkerPool(threads: 3)
      let executor = Executor(plan: try Plan(graph, instructionSet: set, precision: precision, pool: pool), pool: pool)
      let counter = AllocationCounter()
      // The barrier keeps every worker in this call, so that each is counted.
      pool.run { member in
        counter.start()
        member.barrier()
      }
      try unsafe executor.run(input, output: output)
      // A member that came too late for every run before makes its memory in a later one.
      let isAtRest = try (0..<20).contains { _ in
        let before = counter.count
        for _ in 0..<100 { try unsafe executor.run(input, output: output) }
        return counter.count == before
      }
      counter.stop()
      #expect(isAtRest, "\(set)")
    }
  }

  private func filled(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    unsafe buffer.initialize(repeating: 0.5)
    return unsafe buffer
  }
}
