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
    /// Where the tolerance was widened: how far the rounding of the layers alone moves the output.
    package var sensitivity: Float?

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
  /// - Parameter progress: Told which part of the network has run, 0 to 1.
  /// - Throws: `NetworkOverflow`, and what reading the weights throws.
  package static func record(of graph: Graph, progress: (Double) -> Void = { _ in }) throws -> Metadata.Golden {
    let (output, overflow) = try reference(graph, progress: progress)
    if let overflow, !output.allSatisfy(\.isFinite) { throw overflow }
    return Metadata.Golden(seed: seed, output: output, tolerance: max(1e-3 * largestMagnitude(output), 1e-6))
  }

  /// The first layer whose values leave the range of 32-bit floats in the scalar reference; nil where none do.
  ///
  /// A sigmoid turns infinity into a number, so the output of such a network may look valid.
  package static func overflow(of graph: Graph) throws -> NetworkOverflow? {
    try reference(graph, progress: { _ in }).overflow
  }

  private static let seed: UInt64 = 1

  private static func reference(
    _ graph: Graph, progress: (Double) -> Void
  ) throws -> (output: [Float], overflow: NetworkOverflow?) {
    var overflow: NetworkOverflow?
    let output = try ReferenceExecutor(graph).run(input(for: graph, seed: seed)) { node, value in
      progress(Double(node + 1) / Double(graph.nodes.count))
      guard overflow == nil, let index = value.firstIndex(where: { !$0.isFinite }) else { return }
      overflow = NetworkOverflow(node: graph.nodes[node].name, value: value[index])
    }
    return (output, overflow)
  }

  /// Runs the network through the kernels in fp32, which tests the file: its tolerance allows for no more than the order of
  /// additions; then, where the weights are coarser, in their precision, which tests that this machine computes it well.
  ///
  /// Where the output is further away than that, the network may be one that magnifies every rounding, as those with weights
  /// drawn at random do. Then the tolerance is widened to what it itself shows: see `widened`.
  ///
  /// - Parameter progress: Told in which precision the network is about to run.
  package func run(
    _ options: ReadyNetwork.Options = .init(), progress: (Precision) -> Void = { _ in }
  ) throws -> [Outcome] {
    let precisions: [Precision?] = graph.precision == .float32 ? [.float32] : [.float32, nil]
    return try precisions.map { precision in
      progress(precision ?? graph.precision)
      var options = options
      options.precision = precision
      let network = try ReadyNetwork(graph, options: options)
      let output = try network.executor.run(Self.input(for: graph, seed: golden.seed))
      let outcome = Outcome(
        precision: network.plan.precision, difference: Self.largestDifference(output, golden.output),
        tolerance: tolerance(in: network.plan.precision))
      return outcome.isPassed ? outcome : try widened(outcome)
    }
  }

  /// The outcome with a tolerance of four times as much as the reference's output moves when each layer's values are off by the
  /// rounding of the precision; at most a fiftieth of the largest value in fp32, a quarter in bf16, half in int8.
  private func widened(_ outcome: Outcome) throws -> Outcome {
    let (step, share): (Float, Float) =
      switch outcome.precision {
      case .float32: (0x1p-22, 0.02)
      case .bfloat16: (0x1p-9, 0.25)
      case .int8: (0x1p-7, 0.5)
      }
    // Not from the expected output, which may be another network's.
    let sensitivity = try Self.largestDifference(nudged(by: step), nudged(by: -step)) / 2
    let limit = share * Self.largestMagnitude(golden.output)
    var outcome = outcome
    outcome.tolerance = max(outcome.tolerance, min(4 * sensitivity, limit))
    outcome.sensitivity = sensitivity
    return outcome
  }

  /// The reference's output with all values of all layers multiplied by 1 plus or minus a step, as seeded signs say.
  private func nudged(by step: Float) throws -> [Float] {
    var random = SplitMix64(seed: golden.seed)
    return try ReferenceExecutor(graph).run(Self.input(for: graph, seed: golden.seed)) { _, value in
      for index in value.indices { value[index] *= Bool.random(using: &random) ? 1 + step : 1 - step }
    }
  }

  /// Options of plans that take little more memory than the weights. Those of bf16 stay 16 bits wide. Of the convolutions whose
  /// weights Winograd's transforms take four times, the smallest are so transformed, up to a quarter of all weights more, or none
  /// where the weights are in memory already; the others are computed as they are.
  package static func sparing(_ graph: Graph) -> ReadyNetwork.Options {
    let candidates = graph.nodes.compactMap { node -> Int? in
      guard case .convolution(let convolution) = node.operation, convolution.window.size == Extent(3),
        convolution.groups == 1
      else { return nil }
      return graph.tensors[node.parameters[0]].elementCount
    }
    let limit = graph.precision == .float32 ? graph.parameterCount / 4 : 0
    let sizes = Set(candidates).filter { size in 3 * candidates.filter { $0 <= size }.reduce(0, +) <= limit }
    var options = ReadyNetwork.Options()
    options.plan.winogradWeights = sizes.max() ?? 0
    options.plan.keepsBFloat16Weights = true
    return options
  }

  /// The file's own tolerance is for fp32. In a coarser precision the activations are rounded too, which moved outputs
  /// by at most a tenth of this in all models that were tried; a wrong weight or kernel moves them by as much as their own size.
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

/// A network whose values leave the range of 32-bit floats.
package struct NetworkOverflow: Error, Hashable, CustomStringConvertible {
  /// The first node whose value is infinite or no number.
  package var node: String
  package var value: Float

  package var description: String {
    "the network overflows: for an input of values from -1 to 1 layer \"\(node)\" gives \(value), beyond what fp32 holds; "
      + "are its weights those that were trained?"
  }
}
