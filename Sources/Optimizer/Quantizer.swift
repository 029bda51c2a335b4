import ModelGraph

/// Stores the weights of matrix products in the type that they are multiplied in: as integers of 8 bits, or as bfloat16.
///
/// - Kernels of pointwise convolutions in separable ones, large kernels of other convolutions of one group, and kernels of
///   dense layers become int8 with a scale for each output channel, or bf16.
/// - Other kernels become binary16: depthwise and grouped ones, and those of small convolutions, of which the first one
///   reads the image itself. They are 2 % of Xception's weights, and the runtime multiplies them in fp32.
/// - Biases, and batch normalizations that were not folded, stay as they are.
///
/// A tensor that two nodes use in different ways stays as it is too, and what is int8 already or of 16 bits stays so, but
/// that binary16 and bf16 of products become what is asked for: quantizing a quantized graph changes nothing.
///
/// Batch normalization is to be folded before: where it is folded after rounding to bf16, the products are rounded a second
/// time as they are packed. On 200 pictures that costs Xception's features as much again as rounding once (a mean cosine
/// with fp32's of 0.99993 instead of 0.99996, at worst 0.99973 instead of 0.99986), and depthwise kernels in bf16
/// another 0.00024 at worst.
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
  /// - Parameters:
  ///   - precision: `.int8` or `.bfloat16`; for `.float32` nothing changes.
  ///   - progress: Told the part of the weights that is done, 0 to 1.
  /// - Throws: An error that names the node where its weights cannot be read or are not finite.
  package static func quantize(
    _ graph: Graph, to precision: Precision = .int8, progress: (_ part: Double) -> Void = { _ in }
  ) throws(OptimizerError) -> (graph: Graph, tensors: [QuantizedTensor]) {
    var graph = graph
    var changes: [QuantizedTensor] = []
    let uses = uses(of: graph, in: precision)
    let total = Double(uses.reduce(0) { $0 + graph.tensors[$1.tensor].elementCount })
    var done = 0
    for use in uses {
      let tensor = graph.tensors[use.tensor]
      do throws(GraphError) {
        let quantized = try use.node.quantized(tensor, to: use.type)
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

  private struct Use {
    var tensor: Int
    var node: Node
    var type: ElementType
  }

  /// The tensors that change, in order, with the first node that uses each.
  private static func uses(of graph: Graph, in precision: Precision) -> [Use] {
    guard let product = precision.productType else { return [] }
    var types = [Set<ElementType?>](repeating: [], count: graph.tensors.count)
    var nodes = [Node?](repeating: nil, count: graph.tensors.count)
    for node in graph.nodes {
      for (position, tensor) in node.parameters.enumerated() {
        types[tensor].insert(type(of: position, in: node, graph, product: product))
        nodes[tensor] = nodes[tensor] ?? node
      }
    }
    return graph.tensors.indices.compactMap { tensor in
      guard types[tensor].count == 1, let type = types[tensor].first ?? nil, let node = nodes[tensor] else {
        return nil
      }
      return Use(tensor: tensor, node: node, type: type)
    }
  }

  /// What a node's tensor becomes, or nil where it stays as it is.
  private static func type(
    of position: Int, in node: Node, _ graph: Graph, product: ElementType
  ) -> ElementType? {
    let isMain = position == node.operation.kernelPosition
    return switch node.operation {
    case .separableConvolution: isMain ? product : position == 0 ? .float16 : nil
    case .dense: isMain ? product : nil
    case .convolution(let convolution) where isMain:
      convolution.groups == 1 && graph.tensors[node.parameters[0]].elementCount >= leastCount(of: convolution)
        ? product : .float16
    default: nil
    }
  }

  private static func leastCount(of convolution: Convolution) -> Int {
    convolution.isPointwise ? leastPointwiseWeights : leastWeights
  }
}

extension Precision {
  /// The type that the weights of products are stored in; nil for the one that they have.
  fileprivate var productType: ElementType? {
    switch self {
    case .float32: nil
    case .bfloat16: .bfloat16
    case .int8: .int8
    }
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
  /// A tensor of this node in the type that its use asks for, and what that changed: nothing where it is as coarse
  /// already, or where binary16 does not suit it.
  fileprivate func quantized(
    _ tensor: Tensor, to type: ElementType
  ) throws(GraphError) -> (tensor: Tensor, change: QuantizedTensor?) {
    let isDone = [type, .int8].contains(tensor.elementType) || type == .float16 && tensor.elementType == .bfloat16
    guard !isDone else { return (tensor, nil) }
    let values = try values(of: tensor, "weights")
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw GraphError(
        node: name, reason: "its weight \(index) in \"\(tensor.name)\" is \(values[index]), expected a finite number")
    }
    var quantized = tensor
    let signalToNoise: Double
    if type == .int8 {
      let columns = QuantizedColumns(values, columns: tensor.dimensions[tensor.dimensions.count - 1])
      signalToNoise = columns.signalToNoise
      quantized.scale = columns.scales
      quantized.contents = ByteContents(bytes: columns.bytes)
    } else {
      guard let rounded = RoundedValues(values, as: type),
        type != .float16 || rounded.signalToNoise >= Quantizer.leastHalfSignalToNoise
      else { return (tensor, nil) }
      signalToNoise = rounded.signalToNoise
      quantized.scale = nil
      quantized.contents = ByteContents(bytes: rounded.bytes)
    }
    quantized.elementType = type
    return (
      quantized,
      QuantizedTensor(
        name: tensor.name, node: name, elementCount: values.count, oldType: tensor.elementType,
        newType: quantized.elementType, signalToNoise: signalToNoise)
    )
  }
}
