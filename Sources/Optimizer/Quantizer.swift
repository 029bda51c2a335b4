import ModelGraph

/// Stores the weights of matrix products as integers of 8 bits.
///
/// - Kernels of pointwise convolutions in separable ones, large kernels of other convolutions of one group, and kernels of
///   dense layers become int8 with a scale for each output channel.
/// - Other kernels become binary16: depthwise and grouped ones, and those of small convolutions, of which the first one
///   reads the image itself. They are 2 % of Xception's weights.
/// - Biases, and batch normalizations that were not folded, stay as they are.
///
/// A tensor that two nodes use in different ways stays as it is too, and what is int8 already or of 16 bits stays so:
/// quantizing a quantized graph changes nothing.
package enum Quantizer {
  /// The weights of a pointwise convolution's kernel from which it is quantized, where it is no part of a separable one.
  /// Xception's smallest shortcut has 8,192.
  package static let leastPointwiseWeights = 4096
  /// The same of convolutions with larger windows. The first convolution of Xception has 864, the second 18,432: in int8
  /// they would cost more fidelity than time is gained.
  package static let leastWeights = 32_768

  /// A kernel whose binary16 would be further from it than this, in decibels, stays as it is. Binary16 has
  /// some 73 dB, unless values are subnormal or too large.
  static let leastHalfSignalToNoise = 60.0

  /// Quantizes the weights of an optimized graph, tensor after tensor, so that one of them at a time is in memory as
  /// floats.
  ///
  /// - Parameter progress: Told the part of the weights that is done, 0 to 1.
  /// - Throws: An error that names the node where its weights cannot be read or are not finite.
  package static func quantize(
    _ graph: Graph, progress: (_ part: Double) -> Void = { _ in }
  ) throws(OptimizerError) -> (graph: Graph, tensors: [QuantizedTensor]) {
    var graph = graph
    var changes: [QuantizedTensor] = []
    let uses = uses(of: graph)
    let total = Double(uses.reduce(0) { $0 + graph.tensors[$1.tensor].elementCount })
    var done = 0
    for use in uses {
      let tensor = graph.tensors[use.tensor]
      do throws(GraphError) {
        let quantized = try use.node.quantized(tensor, to: use.role)
        graph.tensors[use.tensor] = quantized.tensor
        if let change = quantized.change { changes.append(change) }
      } catch {
        throw OptimizerError(pass: "quantize", node: error.node, reason: error.reason)
      }
      done += tensor.elementCount
      progress(Double(done) / total)
    }
    return (graph, changes)
  }

  /// What a tensor becomes.
  enum Role {
    case integers, halves, unchanged
  }

  private struct Use {
    var tensor: Int
    var node: Node
    var role: Role
  }

  /// The tensors that change, in order, with the first node that uses each.
  private static func uses(of graph: Graph) -> [Use] {
    var uses = [Use?](repeating: nil, count: graph.tensors.count)
    for node in graph.nodes {
      for (position, tensor) in node.parameters.enumerated() {
        let role = role(of: position, in: node, graph)
        if let first = uses[tensor] {
          if first.role != role { uses[tensor]?.role = .unchanged }
        } else {
          uses[tensor] = Use(tensor: tensor, node: node, role: role)
        }
      }
    }
    return uses.compactMap { $0 }.filter { $0.role != .unchanged }
  }

  private static func role(of position: Int, in node: Node, _ graph: Graph) -> Role {
    let isMain = position == node.operation.kernelPosition
    return switch node.operation {
    case .separableConvolution: isMain ? .integers : position == 0 ? .halves : .unchanged
    case .dense: isMain ? .integers : .unchanged
    case .convolution(let convolution) where isMain:
      convolution.groups == 1 && graph.tensors[node.parameters[0]].elementCount >= leastCount(of: convolution)
        ? .integers : .halves
    default: .unchanged
    }
  }

  private static func leastCount(of convolution: Convolution) -> Int {
    convolution.isPointwise ? leastPointwiseWeights : leastWeights
  }
}

extension Optimizer {
  /// Optimizes a graph that is to run in a precision, or nil for that of its weights: for int8 it is quantized too.
  package static func optimize(_ graph: Graph, for precision: Precision?) throws(OptimizerError) -> Graph {
    let optimized = try optimize(graph)
    return precision == .int8 ? try Quantizer.quantize(optimized).graph : optimized
  }
}

/// What quantizing did to a tensor.
package struct QuantizedTensor: Hashable, Sendable {
  package var name: String
  /// The node that uses it, or the first one that does.
  package var node: String
  package var elementCount: Int
  package var oldType: ElementType
  package var newType: ElementType
  /// The sum of the squares of the weights over that of their errors, in decibels; infinite where there is no error.
  package var signalToNoise: Double

  package var oldByteCount: Int { elementCount * oldType.byteCount }
  package var newByteCount: Int { elementCount * newType.byteCount }
}

extension Node {
  /// A tensor of this node in the type that its role asks for, and what that changed: nothing where it has that type
  /// already, or where binary16 does not suit it.
  fileprivate func quantized(
    _ tensor: Tensor, to role: Quantizer.Role
  ) throws(GraphError) -> (tensor: Tensor, change: QuantizedTensor?) {
    let isDone = role == .integers ? tensor.elementType == .int8 : tensor.elementType.byteCount <= 2
    guard !isDone else { return (tensor, nil) }
    let values = try values(of: tensor, "weights")
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw GraphError(
        node: name, reason: "its weight \(index) in \"\(tensor.name)\" is \(values[index]), expected a finite number")
    }
    let columns = tensor.dimensions[tensor.dimensions.count - 1]
    var quantized = tensor
    let signalToNoise: Double
    switch role {
    case .integers:
      let columns = QuantizedColumns(values, columns: columns)
      signalToNoise = columns.signalToNoise
      (quantized.elementType, quantized.scale) = (.int8, columns.scales)
      quantized.contents = ByteContents(bytes: columns.bytes)
    case .halves, .unchanged:
      guard let halves = HalfValues(values), halves.signalToNoise >= Quantizer.leastHalfSignalToNoise else {
        return (tensor, nil)
      }
      signalToNoise = halves.signalToNoise
      (quantized.elementType, quantized.scale) = (.float16, nil)
      quantized.contents = ByteContents(bytes: halves.bytes)
    }
    return (
      quantized,
      QuantizedTensor(
        name: tensor.name, node: name, elementCount: values.count, oldType: tensor.elementType,
        newType: quantized.elementType, signalToNoise: signalToNoise)
    )
  }
}
