import ModelGraph

@testable import Reference
@testable import Runtime

/// How far an `int8` separable convolution can be from `PlannedReference`, whose depthwise sums are exact.
///
/// A sum of n products in fp32 is within `n * 2^-24 * M` of the exact one, M being the sum of their magnitudes
/// (Higham 2002, section 3.1). So, in steps of the row's scale, values and their largest one are known up to
/// `slack = 2 * (n + 2) * 2^-24 * M / scale`, with the largest M of the row.
struct QuantizingBound {
  private let graph: Graph
  private let separable: SeparableConvolution
  private let depthwise: [Float]
  private let integers: [Int]
  private let scales: [Float]

  /// - Parameter graph: One whose last node is a separable convolution without biases and activations.
  init(_ graph: Graph) throws {
    let node = graph.nodes[graph.nodes.count - 1]
    guard case .separableConvolution(let separable) = node.operation else {
      preconditionFailure("expected a separable convolution, found \(node.operation)")
    }
    self.graph = graph
    self.separable = separable
    let pointwise = graph.tensors[node.parameters[1]]
    depthwise = try graph.tensors[node.parameters[0]].values()
    integers = try unsafe pointwise.contents.withBytes { bytes in unsafe bytes.map { Int(Int8(bitPattern: $0)) } }
    scales = pointwise.scale!
  }

  func bounds(for input: [Float]) throws -> [Float] {
    let shape = graph.inputShape
    let convolution = Convolution(
      window: separable.window, outputChannels: shape.channels, groups: shape.channels)
    let sums = ReferenceExecutor.convolution(convolution, [input], shape, weights: [depthwise])
    let magnitudes = ReferenceExecutor.convolution(
      convolution, [input.map(abs)], shape, weights: [depthwise.map(abs)])
    let expected = try PlannedReference(graph, .int8).run(input)
    var bounds: [Float] = []
    for first in stride(from: 0, to: sums.count, by: shape.channels) {
      let row = Array(sums[first..<first + shape.channels])
      let (values, scale) = try PlannedReference(graph, .int8).quantized(row)
      let terms = Float(separable.window.size.height * separable.window.size.width + 2)
      let slack = 2 * terms * 0x1p-24 * magnitudes[first..<first + shape.channels].max()! / scale
      for column in scales.indices {
        var steps: Float = 0
        for (channel, value) in row.enumerated() {
          let weight = Float(abs(integers[channel * scales.count + column]))
          let position = value / scale
          if abs(abs(position - position.rounded(.down)) - 0.5) <= slack { steps += weight }
          steps += slack / 127 * Float(abs(values[channel])) * weight
        }
        bounds.append(steps * scale * scales[column] + abs(expected[bounds.count]) * 0x1p-7 + 0x1p-20)
      }
    }
    return bounds
  }
}
