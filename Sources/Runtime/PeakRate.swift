import Kernels
import Threads

/// How fast processors multiply and add where nothing else limits them.
package enum PeakRate {
  /// The multiply-adds of a round, in terms of `KernelSet.multiplyAdds`: 3 to 6 milliseconds on a processor of 2024, and 0.3
  /// in matrix registers.
  private static let roundCount = 1_000_000
  private static let rounds = 8

  /// Measures the multiply-adds of an arithmetic in registers alone, on several threads at once.
  ///
  /// - Returns: Multiplications and additions of all threads together, in 10^9 per second; the best of several rounds,
  ///   since whatever else runs on the machine can only slow a round down.
  package static func gigaflops(
    of instructionSet: InstructionSet, _ arithmetic: Arithmetic = .float32, pool: WorkerPool, threads: Int = .max
  ) -> Double {
    let kernels = instructionSet.kernels
    let result = Result()
    pool.run(Rounds(kernels: kernels, arithmetic: arithmetic, result: result), maximum: threads)
    let operations =
      roundCount * 12 * kernels.vectorWidth * kernels.multiplyAddsPerWord(arithmetic) * 2 * result.members
    return Double(operations) / (result.seconds * 1e9)
  }

  private final class Result: @unchecked Sendable {
    // Unchecked: only member 0 writes, and it is read when the call is over.
    var seconds = Double.infinity
    var members = 1
    var sum: Float = 0
  }

  private struct Rounds: TeamWork {
    let kernels: any KernelSet.Type
    let arithmetic: Arithmetic
    let result: Result

    func perform(as member: Member) {
      let clock = ContinuousClock()
      for _ in 0..<PeakRate.rounds {
        member.barrier()
        let start = clock.now
        let sum = kernels.multiplyAdds(PeakRate.roundCount, arithmetic)
        member.barrier()
        guard member.index == 0 else { continue }
        result.members = member.count
        result.sum += sum
        result.seconds = min(result.seconds, start.duration(to: clock.now) / .seconds(1))
      }
    }
  }
}
