import ModelGraph

/// Stores the weights of matrix products in the type that they are multiplied in: as integers of 8 bits, or as bfloat16.
///
/// - Large kernels of convolutions of one group, those in separable ones included, and kernels of dense layers become int8
///   with a scale for each output channel, or bf16.
/// - Other kernels become binary16: depthwise and grouped ones, and those of small convolutions, of which the first one
///   reads the image itself. They are 2 % of Xception's weights, and the runtime multiplies them in fp32, in
///   integers of 16 bits, or rounded to bf16 where that is fast.
/// - Biases, and batch normalizations that were not folded, stay as they are.
///
/// A tensor that two nodes use in different ways stays as it is too. So does what is as coarse already: int8, and 16 bits
/// where binary16 is asked for. So quantizing a quantized graph changes nothing.
///
/// Batch normalization should be folded first: where it is folded after rounding to bf16, the products are rounded a second
/// time as they are packed. On 200 pictures that costs Xception's features as much again as rounding once (a mean cosine
/// with fp32's of 0.99993 instead of 0.99996, at worst 0.99973 instead of 0.99986), and depthwise kernels in bf16
/// another 0.00024 at worst.
///
/// Rounding a column of integers shifts its output by the sum of each weight's error times the mean of what it is multiplied
/// with. Where the batch normalizations before it reveal that mean (see `ExpectedInputs`), the shift is subtracted from the bias
/// (Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction", section 4.2). On the same
/// pictures, activations rounded too, that brings the features' mean cosine from 0.99918 to 0.99945, the worst from
/// 0.99689 to 0.99841. It does nothing for what rounding changes from pixel to pixel, which is what is left.
package enum Quantizer {
  /// The weights of a pointwise convolution's kernel from which it is quantized, where it is no part of a separable one.
  /// Xception's smallest shortcut has 8,192.
  package static let leastPointwiseWeights = 4096
  /// The same of convolutions with larger windows. The first convolution of Xception has 864, the second 18,432: in int8
  /// they would cost more fidelity than time is gained.
  package static let leastWeights = 32_768

  /// In a separable convolution such a kernel is quantized unless it is this small a part of the network's weights too.
  /// MobileNetV2's first three have 512 to 3,456 of 2 million: left as they are, they bring the mean cosine of int8 features
  /// with fp32's from 0.9976 to 0.9982, the worst of 802 pictures from 0.988 to 0.993 (EfficientNet-Lite0's from 0.9990 to
  /// 0.9994 and from 0.991 to 0.996), in the same time.
  static let smallShare = 512

  /// A kernel whose binary16 would be further from it than this, in decibels, stays as it is. Binary16 has
  /// some 73 dB, unless values are subnormal or too large.
  static let leastHalfSignalToNoise = 60.0

  /// Quantizes the weights of an optimized graph, tensor after tensor, so that only one at a time is in memory as
  /// floats. No bias is corrected: for that, `Optimizer.quantize` needs the graph before.
  ///
  /// - Parameters:
  ///   - precision: `.int8` or `.bfloat16`; for `.float32` nothing changes.
  ///   - progress: Told the part of the weights that is done, 0 to 1.
  /// - Throws: An error that names the node where its weights cannot be read or are not finite.
  package static func quantize(
    _ graph: Graph, to precision: Precision = .int8, progress: (_ part: Double) -> Void = { _ in }
  ) throws(GraphError) -> (graph: Graph, tensors: [QuantizedTensor]) {
    try Optimizer.naming("quantize") { () throws(GraphError) in
      try quantize(graph, to: precision, rowMeans: [:], progress: progress)
    }
  }

  /// - Parameter rowMeans: For nodes, by index, the mean of what each row of the main kernel is multiplied with.
  fileprivate static func quantize(
    _ graph: Graph, to precision: Precision, rowMeans: [Int: [Double]], progress: (_ part: Double) -> Void
  ) throws(GraphError) -> (graph: Graph, tensors: [QuantizedTensor]) {
    var graph = graph
    var changes: [QuantizedTensor] = []
    var shifts: [(node: Int, values: [Double])] = []
    let uses = uses(of: graph, in: precision)
    let total = Double(uses.reduce(0) { $0 + graph.tensors[$1.tensor].elementCount })
    var done = 0
    for use in uses {
      let tensor = graph.tensors[use.tensor]
      let quantized = try graph.nodes[use.nodes[0]].quantized(
        tensor, to: use.type, rowMeans: use.nodes.count == 1 ? rowMeans[use.nodes[0]] : nil)
      graph.tensors[use.tensor] = quantized.tensor
      if let change = quantized.change { changes.append(change) }
      if !quantized.shifts.isEmpty { shifts.append((use.nodes[0], quantized.shifts)) }
      done += tensor.elementCount
      progress(Double(done) / total)
    }
    var rewrite = Rewrite(graph)
    for (node, values) in shifts { try rewrite.subtract(values, fromBiasOf: node) }
    return (shifts.isEmpty ? graph : rewrite.finished(), changes)
  }

  private struct Use {
    var tensor: Int
    var nodes: [Int]
    var type: ElementType
  }

  /// The tensors that change, in order, with the nodes that use each.
  private static func uses(of graph: Graph, in precision: Precision) -> [Use] {
    guard let product = precision.productType else { return [] }
    var types = [Set<ElementType?>](repeating: [], count: graph.tensors.count)
    var nodes = [[Int]](repeating: [], count: graph.tensors.count)
    let small = min(leastPointwiseWeights, graph.tensors.reduce(0) { $0 + $1.elementCount } / smallShare)
    for (index, node) in graph.nodes.enumerated() {
      for (position, tensor) in node.parameters.enumerated() {
        types[tensor].insert(type(of: position, in: node, graph, product: product, leastSeparable: small))
        nodes[tensor].append(index)
      }
    }
    return graph.tensors.indices.compactMap { tensor in
      guard types[tensor].count == 1, let type = types[tensor].first ?? nil else { return nil }
      return Use(tensor: tensor, nodes: nodes[tensor], type: type)
    }
  }

  /// What a node's tensor becomes, or nil where it stays as it is.
  private static func type(
    of position: Int, in node: Node, _ graph: Graph, product: ElementType, leastSeparable: Int
  ) -> ElementType? {
    let isMain = position == node.operation.kernelPosition
    let count = graph.tensors[node.parameters[position]].elementCount
    return switch node.operation {
    case .separableConvolution where isMain: count >= leastSeparable ? product : .float16
    case .separableConvolution: position == 0 ? .float16 : nil
    case .dense: isMain ? product : nil
    case .convolution(let convolution) where isMain:
      convolution.groups == 1 && count >= leastCount(of: convolution) ? product : .float16
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
  /// Optimizes a graph that is to run in a precision, or nil for that of its weights: for int8 it is quantized too, for bf16 its
  /// biases are corrected.
  package static func optimize(_ graph: Graph, for precision: Precision?) throws(GraphError) -> Graph {
    switch precision {
    case .int8: try quantize(graph, to: .int8).graph
    case .bfloat16: try optimizeForBFloat16(graph)
    case .float32, nil: try optimize(graph)
    }
  }

  /// Optimizes a graph and quantizes its weights; biases are corrected for what rounding shifts on average.
  ///
  /// - Parameters: As those of `Quantizer.quantize`.
  package static func quantize(
    _ graph: Graph, to precision: Precision, progress: (_ part: Double) -> Void = { _ in }
  ) throws(GraphError) -> (graph: Graph, tensors: [QuantizedTensor]) {
    let optimized = try precision == .bfloat16 ? optimizeForBFloat16(graph) : optimize(graph)
    return try naming("quantize") { () throws(GraphError) in
      let expected = try precision == .int8 ? ExpectedInputs(of: optimized, normalized: graph.normalizedSums) : nil
      return try Quantizer.quantize(
        optimized, to: precision, rowMeans: expected?.rowMeans ?? [:], progress: progress)
    }
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
  ///
  /// - Returns: And the shifts of `QuantizedColumns` where the means of the rows are given and it became integers.
  fileprivate func quantized(
    _ tensor: Tensor, to type: ElementType, rowMeans: [Double]?
  ) throws(GraphError) -> (tensor: Tensor, change: QuantizedTensor?, shifts: [Double]) {
    let isDone = [type, .int8].contains(tensor.elementType) || type == .float16 && tensor.elementType == .bfloat16
    guard !isDone else { return (tensor, nil, []) }
    let values = try values(of: tensor, "weights")
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw GraphError(
        node: name, reason: "its weight \(index) in \"\(tensor.name)\" is \(values[index]), expected a finite number")
    }
    var quantized = tensor
    let signalToNoise: Double
    var shifts: [Double] = []
    if type == .int8 {
      let columns = QuantizedColumns(
        values, columns: tensor.dimensions[tensor.dimensions.count - 1], rowMeans: rowMeans)
      if rowMeans != nil { shifts = columns.shifts }
      signalToNoise = columns.signalToNoise
      quantized.scale = columns.scales
      quantized.contents = ByteContents(bytes: columns.bytes)
    } else {
      guard let rounded = RoundedValues(values, as: type),
        type != .float16 || rounded.signalToNoise >= Quantizer.leastHalfSignalToNoise
      else { return (tensor, nil, []) }
      signalToNoise = rounded.signalToNoise
      quantized.scale = nil
      quantized.contents = ByteContents(bytes: rounded.bytes)
    }
    quantized.elementType = type
    return (
      quantized,
      QuantizedTensor(
        name: tensor.name, node: name, elementCount: values.count, oldType: tensor.elementType,
        newType: quantized.elementType, signalToNoise: signalToNoise),
      shifts
    )
  }
}
