import ModelGraph
import Optimizer
import Reference
import Runtime
import TestSupport
import Threads

/// The tests' random graphs, of more seeds than the tests have: whole numbers must come out exactly, on every instruction set.
///
/// Eight bytes are the seed, one the number of steps.
struct RandomGraphTarget: FuzzTarget {
  private let pools = [WorkerPool.shared(threads: 1), WorkerPool.shared(threads: 2)]

  func run(_ bytes: UnsafeBufferPointer<UInt8>) -> FuzzOutcome {
    guard bytes.count >= 9 else { return .foreign }
    let seed = unsafe bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let (steps, pool) = unsafe (Int(bytes[8] % 24), pools[bytes[8] < 192 ? 0 : 1])
    do {
      var random = try RandomGraph(seed: seed, steps: steps, values: .integers)
      let input = random.input()
      let expected = try ReferenceExecutor(random.graph).run(input)
      let optimized = try Optimizer.optimize(random.graph)
      for set in InstructionSet.supported {
        let executor = Executor(plan: try Plan(optimized, instructionSet: set, pool: pool), pool: pool)
        guard try executor.run(input) == expected else { defect("\(set), seed \(seed), \(steps) steps") }
      }
      return .accepted
    } catch {
      defect("seed \(seed), \(steps) steps: \(error)")
    }
  }
}
