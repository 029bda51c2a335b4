import ModelGraph

/// What enters the matrix products of an optimized graph on average, as far as batch normalizations reveal it.
///
/// A batch normalization makes channels of the mean beta and the deviation |gamma|. From there means and variances are
/// followed through activations, sums, pools and depthwise convolutions to the products. They are those of the images that
/// the network was trained with; none is needed.
struct ExpectedInputs {
  /// For nodes, by index, the mean of what each row of the main kernel is multiplied with, in the order of the kernel;
  /// none where it is not known, or there is no such kernel or more than one group.
  private(set) var rowMeans: [Int: [Double]] = [:]

  private let graph: Graph
  private let normalized: [String: ChannelMoments]
  private var values: [ChannelMoments?] = []

  /// - Parameter normalized: What `Graph.normalizedSums` returned before batch normalization was folded.
  init(of graph: Graph, normalized: [String: ChannelMoments]) throws(GraphError) {
    self.graph = graph
    self.normalized = normalized
    for node in graph.nodes {
      values.append(normalized.isEmpty ? nil : try moments(of: node))
    }
  }

  private mutating func moments(of node: Node) throws(GraphError) -> ChannelMoments? {
    let inputs = node.inputs.map { values[$0] }
    guard let first = inputs.first else { return nil }
    switch node.operation {
    case .activation(let activation): return first?.activated(by: activation)
    case .maxPool(let window): return first?.maximum(of: window.size.height * window.size.width)
    case .averagePool(let pool) where isNormalized(pool, after: graph.nodes[node.inputs[0]]): return first
    case .averagePool(let pool): return first?.average(of: pool.window.size.height * pool.window.size.width)
    case .globalPool(let pool):
      let count = pixels(of: node.inputs[0])
      return pool.kind == .average ? first?.average(of: count) : first?.maximum(of: count)
    case .flatten: return first?.repeated(pixels(of: node.inputs[0]))
    case .add:
      var sum = first
      for input in inputs.dropFirst() { sum = sum.flatMap { a in input.map { a + $0 } } }
      return sum
    case .concatenate:
      guard inputs.allSatisfy({ $0 != nil }) else { return nil }
      return ChannelMoments(
        means: inputs.flatMap { $0?.means ?? [] }, variances: inputs.flatMap { $0?.variances ?? [] })
    case .convolution(let convolution):
      let sums = try product(
        of: first?.activated(by: convolution.inputActivation), convolution.window, groups: convolution.groups, node)
      return finished(sums, convolution.epilogue, inputs)
    case .separableConvolution(let separable):
      let depthwise = try first?.activated(by: separable.inputActivation).map { input throws(GraphError) in
        try Self.sums(
          of: input, shares: shares(separable.window, node), kernel: weights(0, of: node), groups: input.means.count,
          bias: separable.hasDepthwiseBias ? weights(1, of: node) : nil)
      }
      let middle = depthwise?.activated(by: separable.middleActivation)
      let sums = try product(of: middle, nil, groups: 1, node)
      return finished(sums, separable.epilogue, inputs)
    case .dense(let dense): return try product(of: first, nil, groups: 1, node)?.activated(by: dense.activation)
    default: return nil
    }
  }

  /// Whether a pool's values were normalized, rather than those of the convolution that makes its input: `MoveAveragePools` put
  /// that before it.
  private func isNormalized(_ pool: AveragePool, after producer: Node) -> Bool {
    guard case .convolution(let convolution) = producer.operation, convolution.isPointwise else { return false }
    return pool.window.stride == Extent(1) && convolution.epilogue == Epilogue()
      && normalized[graph.tensors[producer.parameters[0]].name] != nil
  }

  /// The moments of an input's product with a node's main kernel; notes the means of the kernel's rows.
  private mutating func product(
    of input: ChannelMoments?, _ window: Window?, groups: Int, _ node: Node
  ) throws(GraphError) -> ChannelMoments? {
    guard let position = node.operation.kernelPosition else { return nil }
    let shares = window.map { self.shares($0, node) } ?? [1]
    if let input, groups == 1 {
      rowMeans[values.count] = shares.flatMap { share in input.means.map { share * $0 } }
    }
    if let sums = normalized[graph.tensors[node.parameters[position]].name] { return sums }
    guard let input else { return nil }
    let bias = node.operation.hasBias ? try weights(position + 1, of: node) : nil
    return Self.sums(of: input, shares: shares, kernel: try weights(position, of: node), groups: groups, bias: bias)
  }

  /// The residual is a node's second input.
  private func finished(
    _ sums: ChannelMoments?, _ epilogue: Epilogue, _ inputs: [ChannelMoments?]
  ) -> ChannelMoments? {
    guard var sums else { return nil }
    if epilogue.addsResidual {
      guard let residual = inputs[1] else { return nil }
      sums = sums + residual
    }
    return sums.activated(by: epilogue.activation)
  }

  /// Of independent inputs, each multiplied by the taps of its channel; padding is zeros.
  private static func sums(
    of input: ChannelMoments, shares: [Double], kernel: [Float], groups: Int, bias: [Float]?
  ) -> ChannelMoments {
    let inputs = input.means.count / groups
    let outputs = kernel.count / (shares.count * inputs)
    var result = ChannelMoments(
      means: bias.map { $0.map(Double.init) } ?? [Double](repeating: 0, count: outputs),
      variances: [Double](repeating: 0, count: outputs))
    for (tap, share) in shares.enumerated() {
      for channel in 0..<inputs {
        for output in 0..<outputs {
          let weight = Double(kernel[(tap * inputs + channel) * outputs + output])
          let source = output / (outputs / groups) * inputs + channel
          result.means[output] += share * weight * input.means[source]
          result.variances[output] += share * weight * weight * input.variances[source]
        }
      }
    }
    return result
  }

  /// The share of a window's positions at which each tap is inside the map that a node reads, by rows.
  private func shares(_ window: Window, _ node: Node) -> [Double] {
    guard case .map(let height, let width, _) = graph.nodes[node.inputs[0]].shape,
      let placement = window.placement(on: Extent(height: height, width: width))
    else { return [1] }
    func axis(_ input: Int, _ output: Int, _ size: Int, _ stride: Int, _ dilation: Int, _ before: Int) -> [Double] {
      (0..<size).map { tap in
        let inside = (0..<output).count { (0..<input).contains($0 * stride + tap * dilation - before) }
        return Double(inside) / Double(output)
      }
    }
    let rows = axis(
      height, placement.output.height, window.size.height, window.stride.height, window.dilation.height, placement.top)
    let columns = axis(
      width, placement.output.width, window.size.width, window.stride.width, window.dilation.width, placement.left)
    return rows.flatMap { row in columns.map { row * $0 } }
  }

  private func pixels(of node: Int) -> Int {
    let shape = graph.nodes[node].shape
    return shape.elementCount / shape.channels
  }

  private func weights(_ position: Int, of node: Node) throws(GraphError) -> [Float] {
    try node.values(of: graph.tensors[node.parameters[position]], "weights")
  }
}
