import ModelGraph
import Reference
import Runtime

/// The check that a weights file carries: what the network gives for a seeded input.
enum GoldenCheck {
  /// Runs the network once in the scalar reference, with its weights as they will be stored.
  ///
  /// The tolerance is a thousandth of the largest value, which for a thousand probabilities of noise may be 0.002: far
  /// above what the order of float additions changes, far below what a wrong weight or kernel does.
  static func record(of graph: Graph) throws -> Metadata.Golden {
    let seed: UInt64 = 1
    let input = Metadata.Golden.input(seed: seed, count: graph.inputShape.elementCount)
    let output = try ReferenceExecutor(graph).run(input)
    let largest = output.reduce(0) { max($0, $1.magnitude) }
    return Metadata.Golden(seed: seed, output: output, tolerance: max(1e-3 * largest, 1e-6))
  }
}
