import Kernels

/// How fast processors multiply and add where nothing else limits them.
package enum PeakRate {
  /// The multiply-adds of a round, in terms of `KernelSet.multiplyAdds`: 3 to 6 milliseconds on a processor of 2024.
  private static let roundCount = 1_000_000
  private static let rounds = 8

  /// Measures the multiply-adds of an instruction set on registers alone, on several threads at once.
  ///
  /// - Returns: Multiplications and additions of all threads together, in 10^9 a second; of several rounds the best,
  ///   since whatever else runs on the machine can only slow a round down.
  package static func gigaflops(
    of instructionSet: InstructionSet, pool: WorkerPool, threads: Int = .max
  ) -> Double {
    let result = Result()
    pool.run(Rounds(kernels: instructionSet.kernels, result: result), maximum: threads)
    let operations = roundCount * 12 * instructionSet.kernels.vectorWidth * 2 * result.members
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
    let result: Result

    func perform(as member: Member) {
      let clock = ContinuousClock()
      for _ in 0..<PeakRate.rounds {
        member.barrier()
        let start = clock.now
        let sum = kernels.multiplyAdds(PeakRate.roundCount, .float32)
        member.barrier()
        guard member.index == 0 else { continue }
        result.members = member.count
        result.sum += sum
        result.seconds = min(result.seconds, start.duration(to: clock.now) / .seconds(1))
      }
    }
  }
}
