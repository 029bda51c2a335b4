import CommandSupport
import ModelGraph
import Optimizer
import Runtime
import Threads
import WeightFormat

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The outcome of reading all weights and of the golden check.
///
/// The golden check is run in fp32, which tests the file: its tolerance allows for no more than the order of additions. A
/// file of coarser weights is run in their precision too, which tests that this machine computes it well.
struct Verification {
  struct Run {
    var precision: Precision
    /// The largest difference from the expected output; infinity where a value is not a number.
    var difference: Float
    var tolerance: Float

    var succeeded: Bool { difference <= tolerance }
  }

  /// In fp32, then in the precision of the weights where that is another; none for a file without a golden check.
  private(set) var runs: [Run] = []

  /// Reads and checks all bytes of a file, and runs its golden input through the network.
  ///
  /// - Throws: `WeightFormatError` where the file is damaged, and what planning the network throws.
  init(of file: WeightFile) throws {
    try file.verifyContents()
    guard let golden = file.model.metadata.golden else { return }
    let graph = try Optimizer.optimize(file.model.graph)
    let instructionSet = try InstructionSet(named: ProcessInfo.processInfo.environment["XCEPTION_ISA"])
    let pool = WorkerPool.shared()
    let precisions = graph.precision == .float32 ? [.float32] : [.float32, graph.precision]
    runs = try precisions.map { precision in
      let plan = try Plan(graph, instructionSet: instructionSet, precision: precision, pool: pool)
      let input = Metadata.Golden.input(seed: golden.seed, count: graph.inputShape.elementCount)
      let output = try Executor(plan: plan, pool: pool).run(input)
      return Run(
        precision: precision, difference: Self.largestDifference(output, golden.output),
        tolerance: Self.tolerance(of: golden, precision))
    }
  }

  /// The file's own tolerance is for fp32. In a coarser precision the activations are rounded too, by which outputs moved
  /// by at most a tenth of this in all models that were tried; a wrong weight or kernel moves them by as much as they are.
  private static func tolerance(of golden: Metadata.Golden, _ precision: Precision) -> Float {
    let largest = golden.output.reduce(0) { max($0, $1.magnitude) }
    return switch precision {
    case .float32: golden.tolerance
    case .bfloat16: max(golden.tolerance, 0.05 * largest)
    case .int8: max(golden.tolerance, 0.2 * largest)
    }
  }

  static func largestDifference(_ output: [Float], _ expected: [Float]) -> Float {
    zip(output, expected).reduce(0) { largest, pair in
      let difference = abs(pair.0 - pair.1)
      return difference.isNaN ? .infinity : max(largest, difference)
    }
  }

  var succeeded: Bool { runs.allSatisfy(\.succeeded) }
}

extension Verification: CustomStringConvertible {
  var description: String {
    let weights = "weights       all checksums agree, all values are finite"
    guard !runs.isEmpty else { return weights + "\ngolden check  the file has none" }
    return runs.reduce(weights) { text, run in
      text + "\ngolden check  \(run.succeeded ? "passed" : "FAILED") in \(run.precision.rawValue): "
        + "largest difference \(run.difference), tolerance \(run.tolerance)"
    }
  }
}
