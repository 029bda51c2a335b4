import ModelGraph
import Optimizer
import Runtime
import TestSupport
import Testing

@Suite struct ExecutorTests {
  @Test("Random graphs of whole numbers give the reference's values bit for bit", arguments: 0..<60)
  func integers(seed: Int) throws {
    var random = try RandomGraph(seed: UInt64(seed), values: .integers)
    let input = random.input()
    for graph in [random.graph, try Optimizer.optimize(random.graph)] {
      let expected = try ReferenceExecutor(graph).run(input)
      for set in InstructionSet.supported {
        for threads in [1, 3] {
          let pool = WorkerPool(threads: threads)
          let executor = Executor(plan: try Plan(graph, instructionSet: set, pool: pool), pool: pool)
          #expect(try executor.run(input) == expected, "\(set), \(threads) threads")
          #expect(try executor.run(input) == expected, "\(set), \(threads) threads, second run")
        }
      }
    }
  }
}
