import ModelGraph
import Threads

/// Runs a graph node by node in plain loops: the oracle that everything faster is compared with.
///
/// Any valid graph runs, before and after optimization. Each value of a node is computed in `Double` from the stored floats
/// of its inputs and weights (sums in the order of rows, columns and input channels of the window, then bias, then residual,
/// then the activation), and rounded once to the `Float` that is stored. So its error is far below that of any sum in
/// `Float`, and sums of whole numbers are exact and can be compared bit for bit.
///
/// Threads share the positions of a map, none of which depends on another: the bits are the same for any number of them.
package struct ReferenceExecutor: Sendable {
  package let graph: Graph
  /// The last node that reads each node's value, or nil where none does.
  private let lastConsumers: [Int?]

  /// Validates the graph; weights are read when a node needs them, and not kept.
  package init(_ graph: Graph) throws(GraphError) {
    try graph.validate()
    self.graph = graph
    lastConsumers = graph.consumers.map(\.last)
  }

  /// The value of the last node.
  ///
  /// - Parameters:
  ///   - input: As many values as the input's shape has, height by width by channels.
  ///   - visit: Called with each node's index and value, in order; it may change the value.
  package func run(
    _ input: [Float], visit: (_ node: Int, _ value: inout [Float]) -> Void = { _, _ in }
  ) throws -> [Float] {
    try values(for: input, of: [graph.nodes.count - 1], visit: visit)[0]
  }

  /// The values of chosen nodes, in the order given.
  ///
  /// - Throws: `ReferenceExecutorError`, or what reading a tensor throws.
  package func values(
    for input: [Float], of nodes: [Int], visit: (_ node: Int, _ value: inout [Float]) -> Void = { _, _ in }
  ) throws -> [[Float]] {
    guard input.count == graph.inputShape.elementCount else {
      throw ReferenceExecutorError.inputCount(found: input.count, expected: graph.inputShape)
    }
    if let index = input.firstIndex(where: { !$0.isFinite }) {
      throw ReferenceExecutorError.inputNotFinite(input[index], index: index)
    }
    if let node = nodes.first(where: { !graph.nodes.indices.contains($0) }) {
      throw ReferenceExecutorError.noSuchNode(node, count: graph.nodes.count)
    }
    let kept = Set(nodes)
    var values = [[Float]](repeating: [], count: graph.nodes.count)
    for index in 0...(nodes.max() ?? 0) {
      let node = graph.nodes[index]
      values[index] = if index == 0 { input } else { try value(of: node, inputs: node.inputs.map { values[$0] }) }
      visit(index, &values[index])
      for read in node.inputs where lastConsumers[read] == index && !kept.contains(read) { values[read] = [] }
    }
    return nodes.map { values[$0] }
  }

  private func value(of node: Node, inputs: [[Float]]) throws -> [Float] {
    let shapes = node.inputs.map { graph.nodes[$0].shape }
    let tensors = node.parameters.map { graph.tensors[$0] }
    if case .dense(let dense) = node.operation {
      return try Self.dense(dense, inputs[0], kernel: tensors[0], bias: try tensors.dropFirst().first?.values())
    }
    return Self.value(of: node, inputs, shapes, weights: try tensors.map { try $0.values() })
  }

  static func value(of node: Node, _ inputs: [[Float]], _ shapes: [Shape], weights: [[Float]]) -> [Float] {
    switch node.operation {
    case .input: return inputs[0]
    case .convolution(let convolution):
      return Self.convolution(convolution, inputs, shapes[0], weights: weights)
    case .separableConvolution(let separable):
      return Self.separableConvolution(separable, inputs, shapes[0], weights: weights)
    case .dense(let dense): return Self.dense(dense, inputs[0], weights: weights)
    case .batchNormalization(let normalization):
      return Self.batchNormalization(normalization, inputs[0], channels: node.shape.channels, weights: weights)
    case .activation(let activation): return inputs[0].map { Float(activation(Double($0))) }
    case .softmax: return Self.softmax(inputs[0], channels: node.shape.channels)
    case .add: return Self.sum(inputs)
    case .concatenate: return Self.concatenation(inputs, shapes)
    case .maxPool(let window): return Self.maxPool(window, inputs[0], shapes[0])
    case .averagePool(let pool): return Self.averagePool(pool, inputs[0], shapes[0])
    case .globalPool(let pool): return Self.globalPool(pool.kind, inputs[0], channels: node.shape.channels)
    case .flatten, .reshape: return inputs[0]
    case .constant: return weights[0]
    case .binary(let binary): return Self.binary(binary, inputs, shapes, to: node.shape)
    case .layerNormalization(let normalization):
      return Self.layerNormalization(normalization, inputs[0], channels: node.shape.channels, weights: weights)
    case .unitNormalization: return Self.unitNormalization(inputs[0], channels: node.shape.channels)
    case .pad(let pad): return Self.padded(pad, inputs[0], shapes[0], to: node.shape)
    case .slice(let slice): return Self.sliced(slice, inputs[0], shapes[0], to: node.shape)
    case .shuffleChannels(let groups): return Self.shuffled(groups: groups, inputs[0], shapes[0])
    case .resize(let resize): return Self.resized(resize, inputs[0], shapes[0], to: node.shape)
    case .transposedConvolution(let convolution):
      return Self.transposedConvolution(convolution, inputs[0], shapes[0], to: node.shape, weights: weights)
    case .parametricRelu: return Self.parametricRelu(inputs[0], slopes: weights[0])
    case .logSoftmax: return Self.logSoftmax(inputs[0], channels: node.shape.channels)
    case .sparsemax: return Self.sparsemax(inputs[0], channels: node.shape.channels)
    }
  }

  /// The parts of a value in order, as many at a time as there are cores.
  static func joined(_ count: Int, _ part: (Int) -> [Float]) -> [Float] {
    let parts = Lock([[Float]](repeating: [], count: count))
    WorkerPool.shared().forEach(count) { index in
      let values = part(index)
      parts.withLock { $0[index] = values }
    }
    return parts.withLock { Array($0.joined()) }
  }
}

package enum ReferenceExecutorError: Error, Hashable, CustomStringConvertible {
  case inputCount(found: Int, expected: Shape)
  case inputNotFinite(Float, index: Int)
  case noSuchNode(Int, count: Int)

  package var description: String {
    switch self {
    case .inputCount(let found, let expected):
      "the input has \(found) values, expected \(expected.elementCount) (\(expected))"
    case .inputNotFinite(let value, let index): "value \(index) of the input is \(value), expected a finite number"
    case .noSuchNode(let node, let count): "there is no node \(node), of \(count) nodes"
    }
  }
}
