import Kernels
import ModelGraph

/// Convolutions that are done by Winograd's transforms.
extension Lowering {
  /// How a convolution is divided, and what its products run in.
  typealias WinogradForm = (tiling: WinogradTiling, arithmetic: Arithmetic)

  mutating func lowerWinograd(
    _ convolution: Convolution, _ node: Node, _ input: Int, _ window: PlacedWindow, _ form: WinogradForm,
    residual: Int?
  ) -> Int {
    let tiling = form.tiling
    let width = width(of: node.shape)
    let map = values[input]
    let channels = map.shape.channels
    // The last window may reach beyond what the convolution needs.
    let end = tiling.windows(across: width) * tiling.pixels.width + window.width - 1 - window.left
    reserveBorder(of: input, left: window.left, right: max(0, end - self.width(of: map.shape)))
    let shape = ProductShape(form.arithmetic, taps: 1, channels: channels, input: map.element, kernels: kernels)
    let vectors = (channels + kernels.vectorWidth - 1) / kernels.vectorWidth
    let output = outputValue(node, residual: residual)
    let panels = panelCount(convolution.outputChannels)
    let kernel = graph.tensors[node.parameters[0]]
    return append(
      .winograd(
        WinogradStep(
          tiling: tiling, input: input, output: output, residual: residual, top: window.top, left: window.left,
          shape: shape,
          vectors: map.element == .bfloat16 ? (vectors + 1) & ~1 : vectors, panels: panels,
          weights: tiling.isLine
            ? weights.addWinogradLine(kernel, shape, columns: convolution.outputChannels)
            : weights.addWinograd(kernel, shape, tiling, columns: convolution.outputChannels),
          bias: weights.addBias(
            convolution.hasBias ? graph.tensors[node.parameters[1]] : nil, count: convolution.outputChannels),
          activation: convolution.epilogue.activation,
          blockWindows: blockWindows(shape, tiling, of: tiling.windows(of: node.shape), panels: panels))))
  }

  /// Whole tiles: as many as a block's memory allows, and no more than the map has.
  private func blockWindows(_ shape: ProductShape, _ tiling: WinogradTiling, of windows: Int, panels: Int) -> Int {
    let wordBytes = MemoryLayout<Float>.size
    let isLarge = tiling.points * panels * shape.panelWords * wordBytes > 4 << 20
    let windowBytes = tiling.points * (shape.segments * kernels.vectorWidth + kernels.panelWidth) * wordBytes
    let tiles = (isLarge ? options.largeWinogradBytes : options.winogradBytes) / (windowBytes * shape.tileRows)
    return min(max(1, tiles) * shape.tileRows, windows)
  }

  /// How a convolution is done by Winograd's transforms, or nil where it is done directly.
  func winogradForm(_ convolution: Convolution, _ node: Node) -> WinogradForm? {
    winogradSquare(convolution, node) ?? winogradLine(convolution, node).map { ($0, .float32) }
  }

  /// The direction of a convolution of 1 x 7 or 7 x 1 whose floats are transformed: integers of 8 bits are as fast without,
  /// and those of 16 bits would take as long as bf16 numbers.
  private func winogradLine(_ convolution: Convolution, _ node: Node) -> WinogradTiling? {
    let window = convolution.window
    let input = graph.nodes[node.inputs[0]].shape
    let isRow = window.size == Extent(height: 1, width: 7)
    guard precision == .float32, isRow || window.size == Extent(height: 7, width: 1), window.stride == Extent(1),
      window.dilation == Extent(1), convolution.groups == 1,
      min(input.channels, convolution.outputChannels) >= options.winogradChannels,
      graph.tensors[node.parameters[0]].elementCount <= options.winogradWeights
    else { return nil }
    let tiling = isRow ? WinogradTiling.row : .column
    guard options.weighsWinograd else { return tiling }
    let cost = ConvolutionCost(
      channels: input.channels, columns: convolution.outputChannels, taps: 7, output: node.shape, kernels: kernels)
    return cost.winograd((tiling, .float32)) < cost.direct(.float32) ? tiling : nil
  }

  /// How a convolution of 3 x 3 or 5 x 5 is transformed, or nil where it is not.
  private func winogradSquare(_ convolution: Convolution, _ node: Node) -> WinogradForm? {
    let window = convolution.window
    let input = graph.nodes[node.inputs[0]].shape
    guard window.size == Extent(3) || window.size == Extent(5), window.stride == Extent(1),
      window.dilation == Extent(1), convolution.groups == 1,
      min(input.channels, convolution.outputChannels) >= options.winogradChannels
    else { return nil }
    let kernel = graph.tensors[node.parameters[0]]
    guard kernel.elementCount <= options.winogradWeights else { return nil }
    let element = elements[node.inputs[0]]
    let arithmetic = squareArithmetic(kernel, on: element, channels: input.channels)
    let wide = input.channels <= mostWideChannels ? arithmetic : nil
    // With 32 columns, to make the rows of bytes takes as long as their products save.
    let isBroad = min(input.channels, convolution.outputChannels) >= 2 * options.winogradChannels
    let possible: [(tiling: WinogradTiling, arithmetic: Arithmetic?)] =
      window.size == Extent(5)
      ? [(.five, wide)]
      : [
        (.square, arithmetic),
        (.bytes, isBroad && makesByteWindows(kernel, on: element) ? .int8 : nil),
        (.six, wide == .int16 && makesLargeWindows(node) ? .int16 : nil),
      ]
    let forms = possible.compactMap { form in
      form.tiling == .five || form.tiling == options.winogradTiling ?? form.tiling
        ? form.arithmetic.map { WinogradForm(form.tiling, $0) } : nil
    }
    guard options.weighsWinograd else { return forms.first }
    let direct = self.arithmetic(for: kernel, on: element, copies: true)
    let cost = ConvolutionCost(
      channels: input.channels, columns: convolution.outputChannels, taps: window.size.height * window.size.width,
      output: node.shape, kernels: kernels)
    // Windows of bytes have up to twice the error of bytes without transforms, to which that of 16-bit integers is near: they
    // must save a third of the latter's time.
    let best = forms.min { cost.winograd($0) * price(of: $0) < cost.winograd($1) * price(of: $1) }
    return best.flatMap { cost.winograd($0) < cost.direct(direct) ? $0 : nil }
  }

  private func price(of form: WinogradForm) -> Double { form.tiling == .bytes ? 1.5 : 1 }

  /// Of windows of 8 x 8. The error of their integers grows with the channels: it is up to twice that of bf16 for 96 of them, and
  /// half of bytes' for 128.
  private var mostWideChannels: Int {
    switch precision {
    case .float32: .max
    case .bfloat16: 96
    case .int8: 128
    }
  }

  /// Whether windows may give 6 x 6 pixels: where 16 members have tiles enough of them. Their products are a fifth fewer than those
  /// of windows of 4 x 4; products of floats gain nothing, as the transforms take as long as they save.
  ///
  /// Not beside matrix registers, which multiply packed maps directly: of maps of floats VGG-16 took 8 % longer on an Intel's.
  private func makesLargeWindows(_ node: Node) -> Bool {
    let hasMany = WinogradTiling.six.windows(of: node.shape) >= 128 && !kernels.usesMatrixRegisters(.int8)
    return hasMany || options.winogradTiling == .six
  }

  /// What the products of windows of pixels run in, or nil where there are none.
  ///
  /// Maps of floats are multiplied as floats: with integers the worst cosine of Xception's features over 802 pictures is 0.9942
  /// instead of 0.9971 in int8, and 0.99973 instead of 0.99983 in bf16, as all pixels of a background are rounded alike; in
  /// windows of 8 x 8, whose scale is that of their largest value, 0.9958 and 0.99976. Other maps are already rounded to bf16;
  /// 16-bit integers with a scale for each window add an error no larger than that, while products of bf16 numbers after the
  /// transforms would add five times as much. Where the weights are integers of 8 bits, rows of floats become integers of 16 bits
  /// too, not of 8.
  private func squareArithmetic(_ kernel: Tensor, on element: MapElementType, channels: Int) -> Arithmetic? {
    let isPacked = element == .bfloat16
    let hasShorts = kernels.shortRate > 1 && channels <= 2_048
    switch precision {
    case .float32: return .float32
    case .int8 where kernel.elementType == .int8:
      return hasShorts || isPacked && channels <= 2_048 ? .int16 : nil
    case .bfloat16, .int8: return isPacked && hasShorts ? .int16 : .float32
    }
  }

  /// Whether windows may become bytes. Matrix registers multiply pixels that fast that nothing is gained.
  private func makesByteWindows(_ kernel: Tensor, on element: MapElementType) -> Bool {
    precision == .int8 && kernel.elementType == .int8 && element == .bfloat16 && sumsFit(kernel)
      && !kernels.usesMatrixRegisters(.int8)
  }
}

extension WinogradTiling {
  /// The windows that cover a map.
  func windows(of shape: Shape) -> Int {
    guard case .map(let height, let width, _) = shape else { return 1 }
    return windows(height: height, width: width)
  }
}
