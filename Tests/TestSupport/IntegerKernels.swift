import ModelGraph

extension Graph {
  /// The graph with random integers as the kernels of its products, a scale for each column, from a node on.
  ///
  /// - Parameter scale: That of all columns, or nil for random ones that keep the values of networks within range.
  package func withIntegerKernels(seed: Int = 1, from first: Int = 0, scale: Float? = nil) throws -> Graph {
    var random = SplitMix64(seed: UInt64(seed))
    var graph = self
    for node in nodes[first...] {
      let position: Int
      switch node.operation {
      case .convolution(let convolution) where convolution.groups == 1: position = 0
      case .separableConvolution(let separable): position = separable.hasDepthwiseBias ? 2 : 1
      case .dense: position = 0
      default: continue
      }
      let tensor = graph.tensors[node.parameters[position]]
      let columns = tensor.dimensions[tensor.dimensions.count - 1]
      let range: ClosedRange<Int8> = scale == nil ? -127...127 : -7...7
      let bound = 1.5 / (127 * Float(tensor.elementCount / columns).squareRoot())
      graph.tensors[node.parameters[position]] = Tensor(
        name: tensor.name, dimensions: tensor.dimensions, elementType: .int8,
        contents: ByteContents(
          bytes: (0..<tensor.elementCount).map { _ in UInt8(bitPattern: .random(in: range, using: &random)) }),
        scale: (0..<columns).map { _ in scale ?? .random(in: bound / 2...bound, using: &random) })
    }
    return graph
  }
}
