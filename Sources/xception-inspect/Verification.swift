import ModelGraph
import Optimizer
import Runtime
import WeightFormat

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The outcome of reading all weights and of the golden check.
struct Verification {
  /// The largest difference from the expected output and the tolerance; nil for a file without a golden check.
  var golden: (difference: Float, tolerance: Float)?

  /// Reads and checks all bytes of a file, and runs its golden input through the network.
  ///
  /// - Throws: `WeightFormatError` where the file is damaged, and what planning the network throws.
  init(of file: WeightFile) throws {
    try file.verifyContents()
    guard let golden = file.model.metadata.golden else { return }
    let graph = file.model.graph
    let instructionSet = try InstructionSet(named: ProcessInfo.processInfo.environment["XCEPTION_ISA"])
    let pool = WorkerPool.shared()
    let plan = try Plan(Optimizer.optimize(graph), instructionSet: instructionSet, pool: pool)
    let executor = Executor(plan: plan, pool: pool)
    let output = try executor.run(Metadata.Golden.input(seed: golden.seed, count: graph.inputShape.elementCount))
    self.golden = (Self.largestDifference(output, golden.output), golden.tolerance)
  }

  /// Infinity where a difference is not a number.
  static func largestDifference(_ output: [Float], _ expected: [Float]) -> Float {
    zip(output, expected).reduce(0) { largest, pair in
      let difference = abs(pair.0 - pair.1)
      return difference.isNaN ? .infinity : max(largest, difference)
    }
  }

  var succeeded: Bool { golden.map { $0.difference <= $0.tolerance } ?? true }
}

extension Verification: CustomStringConvertible {
  var description: String {
    let weights = "weights       all checksums agree, all values are finite"
    guard let golden else { return weights + "\ngolden check  the file has none" }
    return weights + "\ngolden check  \(succeeded ? "passed" : "FAILED"): "
      + "largest difference \(golden.difference), tolerance \(golden.tolerance)"
  }
}
