import ModelGraph

extension Graph {
  /// The graph with random integers as the kernels of its products, a scale for each column, from a node on.
  ///
  /// - Parameter scale: That of all columns, or nil for random ones that keep the values of networks within range.
  package func withIntegerKernels(seed: Int = 1, from first: Int = 0, scale: Float? = nil) throws -> Graph {
    var random = SplitMix64(seed: UInt64(seed))
    var graph = self
    for kernel in productKernels(from: first) {
      let tensor = graph.tensors[kernel]
      let columns = tensor.dimensions[tensor.dimensions.count - 1]
      let range: ClosedRange<Int8> = scale == nil ? -127...127 : -7...7
      let bound = 1.5 / (127 * Float(tensor.elementCount / columns).squareRoot())
      graph.tensors[kernel] = Tensor(
        name: tensor.name, dimensions: tensor.dimensions, elementType: .int8,
        contents: ByteContents(
          bytes: (0..<tensor.elementCount).map { _ in UInt8(bitPattern: .random(in: range, using: &random)) }),
        scale: (0..<columns).map { _ in scale ?? .random(in: bound / 2...bound, using: &random) })
    }
    return graph
  }

  /// The graph with kernels of integers that have no values.
  package func withIntegerDimensions() -> Graph {
    var graph = self
    for kernel in productKernels() {
      let tensor = graph.tensors[kernel]
      graph.tensors[kernel] = Tensor(
        name: tensor.name, dimensions: tensor.dimensions, elementType: .int8, contents: DimensionsOnly(),
        scale: [Float](repeating: 1, count: tensor.dimensions[tensor.dimensions.count - 1]))
    }
    return graph
  }

  /// The tensors that are the kernels of products, of nodes from one on.
  private func productKernels(from first: Int = 0) -> [Int] {
    nodes[first...].compactMap { node in
      switch node.operation {
      case .convolution(let convolution) where convolution.groups == 1: node.parameters[0]
      case .separableConvolution(let separable): node.parameters[separable.hasDepthwiseBias ? 2 : 1]
      case .dense: node.parameters[0]
      default: nil
      }
    }
  }
}
