import Kernels
import ModelGraph

/// Convolutions of 3 x 3 that are done by Winograd's transforms.
extension Lowering {
  mutating func lowerWinograd(
    _ convolution: Convolution, _ node: Node, _ input: Int, _ window: PlacedWindow, _ arithmetic: Arithmetic,
    residual: Int?
  ) -> Int {
    let width = width(of: node.shape)
    let map = values[input]
    let channels = map.shape.channels
    // The last window may reach beyond what the convolution needs.
    let end = (width + 3) / 4 * 4 + 2 - window.left
    reserveBorder(of: input, left: window.left, right: max(0, end - self.width(of: map.shape)))
    let shape = ProductShape(arithmetic, taps: 1, channels: channels, input: map.element, kernels: kernels)
    let vectors = (channels + kernels.vectorWidth - 1) / kernels.vectorWidth
    let output = outputValue(node, residual: residual)
    let panels = panelCount(convolution.outputChannels)
    return append(
      .winograd(
        WinogradStep(
          input: input, output: output, residual: residual, top: window.top, left: window.left, shape: shape,
          vectors: map.element == .bfloat16 ? (vectors + 1) & ~1 : vectors, panels: panels,
          weights: weights.addWinograd(
            graph.tensors[node.parameters[0]], shape, columns: convolution.outputChannels),
          bias: weights.addBias(
            convolution.hasBias ? graph.tensors[node.parameters[1]] : nil, count: convolution.outputChannels),
          activation: convolution.epilogue.activation,
          blockWindows: blockWindows(shape, of: ConvolutionCost.windows(of: node.shape), panels: panels))))
  }

  /// Whole tiles: as many as a block's memory allows, and no more than the map has.
  private func blockWindows(_ shape: ProductShape, of windows: Int, panels: Int) -> Int {
    let wordBytes = MemoryLayout<Float>.size
    let isLarge = 36 * panels * shape.panelWords * wordBytes > 4 << 20
    let windowBytes = 36 * (shape.segments * kernels.vectorWidth + kernels.panelWidth) * wordBytes
    let tiles = (isLarge ? options.largeWinogradBytes : options.winogradBytes) / (windowBytes * shape.tileRows)
    return min(max(1, tiles) * shape.tileRows, windows)
  }

  /// What the products of a convolution by Winograd's transforms run in, or nil where the convolution is done directly.
  ///
  /// Maps of floats are multiplied as floats. Others are already rounded to bf16; 16-bit integers with a scale for each
  /// window and point add an error no larger than that, while products of bf16 numbers after the transforms would add
  /// five times as much.
  func winogradArithmetic(_ convolution: Convolution, _ node: Node) -> Arithmetic? {
    let window = convolution.window
    let input = graph.nodes[node.inputs[0]].shape
    guard window.size == Extent(3), window.stride == Extent(1), window.dilation == Extent(1), convolution.groups == 1,
      min(input.channels, convolution.outputChannels) >= options.winogradChannels
    else { return nil }
    let kernel = graph.tensors[node.parameters[0]]
    guard kernel.elementCount <= options.winogradWeights else { return nil }
    let isPacked = elements[node.inputs[0]] == .bfloat16
    var arithmetic = Arithmetic.float32
    switch precision {
    case .float32: break
    case .int8 where kernel.elementType == .int8:
      guard isPacked, input.channels <= 2_048 else { return nil }
      arithmetic = .int16
    case .bfloat16, .int8:
      if isPacked, kernels.isNative(.int16), input.channels <= 2_048 { arithmetic = .int16 }
    }
    guard options.weighsWinograd else { return arithmetic }
    let direct = self.arithmetic(for: kernel, on: elements[node.inputs[0]], copies: true)
    let cost = ConvolutionCost(
      channels: input.channels, columns: convolution.outputChannels, output: node.shape, kernels: kernels)
    return cost.winograd(arithmetic) < cost.direct(direct) ? arithmetic : nil
  }
}
