import ModelGraph
import Optimizer
import Runtime
import WeightFormat

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
    let pool = WorkerPool.shared()
    let executor = Executor(plan: try Plan(Optimizer.optimize(graph), pool: pool), pool: pool)
    let output = try executor.run(Metadata.Golden.input(seed: golden.seed, count: graph.inputShape.elementCount))
    self.golden = (zip(output, golden.output).map { abs($0 - $1) }.max() ?? 0, golden.tolerance)
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
