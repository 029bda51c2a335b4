package import ModelGraph
import Reference
internal import Runtime

/// The check that a weights file carries: what its network gives for a seeded input.
package struct GoldenCheck: Sendable {
  /// What running the network in one precision gave.
  package struct Outcome: Hashable, Sendable {
    package var precision: Precision
    /// The largest difference from the expected output; infinity where a value is not a number.
    package var difference: Float
    package var tolerance: Float

    package var isPassed: Bool { difference <= tolerance }
  }

  private let graph: Graph
  private let golden: Metadata.Golden

  /// The check of a model; nil for a model without one.
  package init?(of model: Model) {
    guard let golden = model.metadata.golden else { return nil }
    graph = model.graph
    self.golden = golden
  }

  /// Runs the network once in the scalar reference, with its weights as they will be stored.
  ///
  /// The tolerance is a thousandth of the largest value, which for a thousand probabilities of noise may be 0.002: far
  /// above what the order of float additions changes, far below what a wrong weight or kernel does.
  ///
  /// - Throws: What reading the weights throws.
  package static func record(of graph: Graph) throws -> Metadata.Golden {
    let seed: UInt64 = 1
    let output = try ReferenceExecutor(graph).run(input(for: graph, seed: seed))
    return Metadata.Golden(seed: seed, output: output, tolerance: max(1e-3 * largestMagnitude(output), 1e-6))
  }

  /// Runs the network through the kernels in fp32, which tests the file: its tolerance allows for no more than the order of
  /// additions; then, where the weights are coarser, in their precision, which tests that this machine computes it well.
  package func run(_ options: ReadyNetwork.Options = .init()) throws -> [Outcome] {
    let precisions: [Precision?] = graph.precision == .float32 ? [.float32] : [.float32, nil]
    return try precisions.map { precision in
      var options = options
      options.precision = precision
      let network = try ReadyNetwork(graph, options: options)
      let output = try network.executor.run(Self.input(for: graph, seed: golden.seed))
      return Outcome(
        precision: network.plan.precision, difference: Self.largestDifference(output, golden.output),
        tolerance: tolerance(in: network.plan.precision))
    }
  }

  /// The file's own tolerance is for fp32. In a coarser precision the activations are rounded too, by which outputs moved
  /// by at most a tenth of this in all models that were tried; a wrong weight or kernel moves them by as much as they are.
  private func tolerance(in precision: Precision) -> Float {
    let largest = Self.largestMagnitude(golden.output)
    return switch precision {
    case .float32: golden.tolerance
    case .bfloat16: max(golden.tolerance, 0.05 * largest)
    case .int8: max(golden.tolerance, 0.2 * largest)
    }
  }

  private static func input(for graph: Graph, seed: UInt64) -> [Float] {
    Metadata.Golden.input(seed: seed, count: graph.inputShape.elementCount)
  }

  private static func largestMagnitude(_ values: [Float]) -> Float { values.reduce(0) { max($0, $1.magnitude) } }

  private static func largestDifference(_ output: [Float], _ expected: [Float]) -> Float {
    zip(output, expected).reduce(0) { largest, pair in
      let difference = abs(pair.0 - pair.1)
      return difference.isNaN ? .infinity : max(largest, difference)
    }
  }
}
