import Kernels
import ModelGraph

extension Lowering {
  /// Row panels larger than this evict the weights from a second-level cache of 1 MiB.
  private static let panelBytes = 700 << 10
  /// With one or two column panels the rows are read once or twice, soon after they were made. With 24 KB MobileNetV2 took 1 % longer,
  /// DenseNet-121 in bf16 3 %, as blocks were so many; with 160 KB nothing was faster.
  private static let narrowPanelBytes = 64 << 10

  mutating func lower(_ convolution: Convolution, _ node: Node, _ inputs: [Int]) -> Int {
    if isAveragedNormalization(convolution, node, inputs[0]) {
      normalizationOfNode[self.node] = PoolStep.Normalization(
        weights: addDepthwise(convolution, node, taps: 1), activation: convolution.epilogue.activation)
      return inputs[0]
    }
    let input = readable(inputs[0], convolution.inputActivation)
    let window = place(convolution.window, on: input.value)
    reserveBorder(of: input.value, for: window, outputWidth: width(of: node.shape))
    let residual = convolution.epilogue.addsResidual ? inputs[1] : nil
    if convolution.isDepthwise(on: values[inputs[0]].shape) {
      return lowerDepthwise(convolution, node, input, window, residual: residual)
    }
    if input.activation == .identity, let form = winogradForm(convolution, node) {
      return lowerWinograd(convolution, node, input.value, window, form, residual: residual)
    }
    if let arithmetic = imageArithmetic(convolution, node, input.value, window) {
      return lowerImage(convolution, node, input.value, window, arithmetic)
    }
    let output = outputValue(node, residual: residual)
    let kernel = graph.tensors[node.parameters[0]]
    let bias = weights.addBias(
      convolution.hasBias ? graph.tensors[node.parameters[1]] : nil, count: convolution.outputChannels)
    let channels = graph.nodes[node.inputs[0]].shape.channels
    let arithmetic =
      convolution.groups == 1 ? arithmetic(for: kernel, on: values[input.value].element, copies: true) : .float32
    let bands =
      arithmetic == .int8 && input.activation == .identity && scaleOfNode[node.inputs[0]] == nil
      ? rowBands(of: window, input.value, positive: convolution.inputActivation == .identity, node) : nil
    let slices = weights.addGroupedColumns(
      kernel, arithmetic, taps: window.taps, channels: channels, groups: convolution.groups,
      columns: convolution.outputChannels, input: values[input.value].element, bands: bands)
    for slice in slices {
      append(
        .product(
          ProductStep(
            input: input.value, output: output, residual: residual,
            producer: .gather(window, channels: slice.channels), scale: scaleOfNode[node.inputs[0]],
            inputActivation: input.activation,
            shape: slice.shape, panels: slice.panels, narrowPanel: narrowPanel(convolution.outputChannels),
            singlePanel: singlePanel(convolution.outputChannels),
            weights: slice.weights, bias: bias,
            activation: convolution.epilogue.activation,
            blockTiles: blockTiles(slice.shape, panels: slice.panels.count), bands: bands)),
        multiplyAdds: graph.multiplyAdds(of: node) * slice.panels.count / panelCount(convolution.outputChannels))
    }
    return output
  }

  mutating func lower(_ separable: SeparableConvolution, _ node: Node, _ inputs: [Int]) -> Int {
    let input = readable(inputs[0], separable.inputActivation)
    let window = place(separable.window, on: input.value)
    reserveBorder(of: input.value, for: window, outputWidth: width(of: node.shape))
    let depth = values[input.value].shape.channels
    var parameters = node.parameters.map { graph.tensors[$0] }[...]
    let depthwise = parameters.removeFirst()
    let depthwiseBias = separable.hasDepthwiseBias ? parameters.removeFirst() : nil
    let pointwise = parameters.removeFirst()
    let residual = separable.epilogue.addsResidual ? inputs[1] : nil
    let output = outputValue(node, residual: residual)
    let panels = panelCount(separable.outputChannels)
    let arithmetic = arithmetic(for: pointwise, on: values[input.value].element, copies: false)
    let positions = node.shape.elementCount / separable.outputChannels
    let isStrassen =
      arithmetic == .float32
      && isStrassen(separable, depth: depth, positions: positions)
    let shape = ProductShape(
      arithmetic, taps: 1, channels: depth, input: values[input.value].element, kernels: kernels, closesTail: true)
    let step = ProductStep(
      input: input.value, output: output, residual: residual,
      producer: .depthwise(
        window, weights: weights.addDepthwise(depthwise, depthwiseBias, taps: window.taps, channels: depth)),
      inputActivation: input.activation, middleActivation: separable.middleActivation, shape: shape, panels: 0..<panels,
      narrowPanel: narrowPanel(separable.outputChannels), singlePanel: singlePanel(separable.outputChannels),
      weights: weights.addColumns(pointwise, shape, columns: separable.outputChannels),
      bias: weights.addBias(parameters.first, count: separable.outputChannels),
      activation: separable.epilogue.activation,
      blockTiles: isStrassen ? strassenTiles(depth: depth, positions: positions) : blockTiles(shape, panels: panels),
      isStrassen: isStrassen)
    return append(.product(step))
  }

  private func rowBands(of window: PlacedWindow, _ input: Int, positive: Bool, _ node: Node) -> RowBands? {
    guard values[input].element == .bfloat16, case .map(let height, _, _) = node.shape else { return nil }
    return RowBands(window, height: height, isPositive: positive && positiveNodes[node.inputs[0]])
  }

  private mutating func lowerDepthwise(
    _ convolution: Convolution, _ node: Node, _ input: (value: Int, activation: Activation), _ window: PlacedWindow,
    residual: Int?
  ) -> Int {
    var output = newValue(node.shape)
    values[output].hasRowSums = residual == nil && isAveraged
    append(
      .depthwise(
        DepthwiseStep(
          input: input.value, output: output, window: window,
          weights: addDepthwise(convolution, node, taps: window.taps),
          inputActivation: input.activation,
          activation: residual == nil ? convolution.epilogue.activation : .identity,
          sumsRows: values[output].hasRowSums)))
    guard let residual else { return output }
    output = append(.add(from: output, and: residual, to: newValue(node.shape, over: output)), multiplyAdds: 0)
    return activated(output, by: convolution.epilogue.activation, inPlace: true)
  }

  private mutating func addDepthwise(_ convolution: Convolution, _ node: Node, taps: Int) -> Int {
    let bias = convolution.hasBias ? graph.tensors[node.parameters[1]] : nil
    return weights.addDepthwise(graph.tensors[node.parameters[0]], bias, taps: taps, channels: node.shape.channels)
  }

  /// Whether the current node is a batch normalization, with limits or nothing after it, that only an average pool reads, each
  /// position once: what it makes of a map then needs no memory, and no pass over it.
  private func isAveragedNormalization(_ convolution: Convolution, _ node: Node, _ input: Int) -> Bool {
    guard consumers[self.node].count == 1, let reader = consumers[self.node].first,
      case .averagePool(let pool) = graph.nodes[reader].operation, self.node != graph.featureNode,
      self.node != graph.lastMap, case .map(let height, let width, _) = values[input].shape
    else { return false }
    let window = convolution.window
    return convolution.isDepthwise(on: values[input].shape) && window.size == Extent(1) && window.stride == Extent(1)
      && window.placement(on: Extent(height: height, width: width))?.output == Extent(height: height, width: width)
      && convolution.inputActivation == .identity && !convolution.epilogue.addsResidual
      && convolution.epilogue.activation.limits != nil && !values[input].isTight
      && values[input].element == elements[reader] && pool.window.stride.height >= pool.window.size.height
      && pool.window.stride.width >= pool.window.size.width
  }

  /// Whether a reader of the current node takes the mean of its map.
  private var isAveraged: Bool {
    consumers[node].contains {
      if case .globalPool(let pool) = graph.nodes[$0].operation { pool.kind == .average } else { false }
    }
  }

  /// A value that is read through an activation: ReLU is applied as it is read, any other by a step before.
  private mutating func readable(_ value: Int, _ activation: Activation) -> (value: Int, activation: Activation) {
    switch activation {
    case .identity, .relu: (value, activation)
    default: (activated(value, by: activation, inPlace: false), .identity)
    }
  }

  /// The value that a convolution writes: in place of its residual where nothing else reads that afterwards, or as a part of
  /// the concatenation that reads it.
  mutating func outputValue(_ node: Node, residual: Int?) -> Int {
    guard let residual else { return partOfConcatenation(self.node) ?? newValue(node.shape) }
    guard isLastUse(of: 1), !values[residual].isTight else { return newValue(node.shape) }
    return newValue(node.shape, over: residual)
  }

  /// Whether a node reads its input by gathering, so that its channels need no padding.
  func isGathering(_ node: Node) -> Bool {
    guard case .convolution(let convolution) = node.operation, !convolution.epilogue.addsResidual else { return false }
    return convolution.inputActivation == .identity && !convolution.isDepthwise(on: graph.nodes[node.inputs[0]].shape)
      && winogradForm(convolution, node) == nil
  }

  func blockTiles(_ shape: ProductShape, panels: Int) -> Int {
    let tileBytes = shape.tileStride(kernels) * MemoryLayout<Float>.size
    return max(1, (panels <= 2 ? Self.narrowPanelBytes : Self.panelBytes) / tileBytes)
  }

  /// Whether a level of Strassen's product pays: both sides are large, and there are enough pixels to make up for the
  /// sums of the weights. The channels that pad the depth must be zero, which an activation of the depthwise sums could
  /// change.
  private func isStrassen(_ separable: SeparableConvolution, depth: Int, positions: Int) -> Bool {
    precision == .float32 && separable.middleActivation == .identity && positions >= options.strassenPositions
      && min(depth, separable.outputChannels) >= options.strassenChannels
      && depth > kernels.vectorWidth && panelCount(separable.outputChannels) > 1
  }

  /// Of pairs of pixels; no more than the map has.
  private func strassenTiles(depth: Int, positions: Int) -> Int {
    let segments = kernels.strassenHalf(of: depth) / kernels.vectorWidth
    let tileBytes = 8 * segments * kernels.tileRows(.float32) * kernels.vectorWidth * MemoryLayout<Float>.size
    let most = ((positions + 1) / 2 + kernels.tileRows(.float32) - 1) / kernels.tileRows(.float32)
    return min(max(1, options.strassenBytes / tileBytes), most)
  }

  func width(of shape: Shape) -> Int {
    guard case .map(_, let width, _) = shape else { return 1 }
    return width
  }
}
