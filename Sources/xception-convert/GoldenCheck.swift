import ModelGraph
import Runtime

/// The check that a weights file carries: what the network gives for a seeded input.
enum GoldenCheck {
  /// Runs the network once in the scalar reference, with its weights as they will be stored.
  ///
  /// The tolerance is 2e-4 of the largest value, or of 1 if that is larger: what is demanded of probabilities against
  /// Keras's, and some ten times what the order of float additions changes.
  static func record(of graph: Graph) throws -> Metadata.Golden {
    let seed: UInt64 = 1
    let input = Metadata.Golden.input(seed: seed, count: graph.inputShape.elementCount)
    let output = try ReferenceExecutor(graph).run(input)
    let largest = output.reduce(1) { max($0, $1.magnitude) }
    return Metadata.Golden(seed: seed, output: output, tolerance: 2e-4 * largest)
  }
}
