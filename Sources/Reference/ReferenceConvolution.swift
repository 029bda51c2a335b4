import ModelGraph

extension ReferenceExecutor {
  static func convolution(
    _ convolution: Convolution, _ inputs: [[Float]], _ shape: Shape, weights: [[Float]]
  ) -> [Float] {
    let input = activated(inputs[0], by: convolution.inputActivation)
    let outputs = convolution.outputChannels
    let positions = ReferenceWindow(convolution.window, on: shape.extent)
    var result = [Float](repeating: 0, count: positions.outputCount * outputs)
    positions.forEachPosition { position, taps in
      var sums = [Double](repeating: 0, count: outputs)
      for tap in taps {
        add(tap, of: convolution, input, channels: shape.channels, kernel: weights[0], to: &sums)
      }
      finish(
        sums, bias: convolution.hasBias ? weights[1] : nil, convolution.epilogue, residual: inputs.dropFirst().first,
        into: &result, at: position)
    }
    return result
  }

  /// The pointwise convolution reads the rounded values of the depthwise one, as if they were two nodes.
  static func separableConvolution(
    _ separable: SeparableConvolution, _ inputs: [[Float]], _ shape: Shape, weights: [[Float]]
  ) -> [Float] {
    var remaining = weights[...]
    let depthwiseWeights = Array(remaining.prefix(separable.hasDepthwiseBias ? 2 : 1))
    remaining.removeFirst(depthwiseWeights.count)
    let depthwise = Convolution(
      window: separable.window, outputChannels: shape.channels, groups: shape.channels,
      hasBias: separable.hasDepthwiseBias, inputActivation: separable.inputActivation)
    let pointwise = Convolution(
      window: Window(size: Extent(1)), outputChannels: separable.outputChannels, hasBias: separable.hasBias,
      inputActivation: separable.middleActivation, epilogue: separable.epilogue)
    let middle = convolution(depthwise, [inputs[0]], shape, weights: depthwiseWeights)
    let extent = ReferenceWindow(separable.window, on: shape.extent).placement.output
    return convolution(
      pointwise, [middle] + inputs.dropFirst(),
      .map(height: extent.height, width: extent.width, channels: shape.channels), weights: Array(remaining))
  }

  static func dense(_ dense: Dense, _ input: [Float], weights: [[Float]]) -> [Float] {
    var sums = [Double](repeating: 0, count: dense.outputs)
    addProduct(of: input, 0..<input.count, with: weights[0], row: 0, rowStride: dense.outputs, column: 0, to: &sums)
    var result = [Float](repeating: 0, count: dense.outputs)
    finish(
      sums, bias: dense.hasBias ? weights[1] : nil, Epilogue(activation: dense.activation), residual: nil,
      into: &result, at: 0)
    return result
  }

  static func activated(_ values: [Float], by activation: Activation) -> [Float] {
    activation == .identity ? values : values.map { Float(activation(Double($0))) }
  }

  /// Adds what one tap of a window contributes to the sums of all output channels.
  private static func add(
    _ tap: ReferenceWindow.Tap, of convolution: Convolution, _ input: [Float], channels: Int, kernel: [Float],
    to sums: inout [Double]
  ) {
    let outputs = convolution.outputChannels
    let groupInputs = channels / convolution.groups
    let groupOutputs = outputs / convolution.groups
    if groupInputs == 1, groupOutputs == 1 {
      return addElementwise(input, at: tap.source * channels, times: kernel, at: tap.index * channels, to: &sums)
    }
    for group in 0..<convolution.groups {
      let start = tap.source * channels + group * groupInputs
      addProduct(
        of: input, start..<start + groupInputs, with: kernel, row: tap.index * groupInputs, rowStride: outputs,
        column: group * groupOutputs, columns: groupOutputs, to: &sums)
    }
  }

  /// `sums[column + j] += input[range][i] * matrix[row + i][column + j]`, by i, then j.
  ///
  /// Bounds are checked here, once, and not at each access.
  private static func addProduct(
    of input: [Float], _ range: Range<Int>, with matrix: [Float], row: Int, rowStride: Int, column: Int,
    columns: Int? = nil, to sums: inout [Double]
  ) {
    let columns = columns ?? rowStride
    precondition(range.lowerBound >= 0 && range.upperBound <= input.count)
    precondition(column + columns <= sums.count && column + columns <= rowStride)
    precondition((row + range.count) * rowStride <= matrix.count)
    var sums = sums.mutableSpan
    for i in 0..<range.count {
      let value = Double(input[range.lowerBound + i])
      let start = (row + i) * rowStride + column
      let weights = matrix.span.extracting(start..<start + columns)
      for j in 0..<columns { unsafe sums[unchecked: column &+ j] += value * Double(weights[unchecked: j]) }
    }
  }

  /// `sums[j] += input[start + j] * kernel[kernelStart + j]`
  private static func addElementwise(
    _ input: [Float], at start: Int, times kernel: [Float], at kernelStart: Int, to sums: inout [Double]
  ) {
    precondition(start + sums.count <= input.count && kernelStart + sums.count <= kernel.count)
    var sums = sums.mutableSpan
    let input = input.span.extracting(start..<start + sums.count)
    let kernel = kernel.span.extracting(kernelStart..<kernelStart + sums.count)
    for j in 0..<sums.count { unsafe sums[unchecked: j] += Double(input[unchecked: j]) * Double(kernel[unchecked: j]) }
  }

  /// Stores the sums of one position: plus bias, plus residual, through the activation, rounded.
  private static func finish(
    _ sums: [Double], bias: [Float]?, _ epilogue: Epilogue, residual: [Float]?, into result: inout [Float],
    at position: Int
  ) {
    for (channel, sum) in sums.enumerated() {
      let index = position * sums.count + channel
      var value = sum
      if let bias { value += Double(bias[channel]) }
      if epilogue.addsResidual, let residual { value += Double(residual[index]) }
      result[index] = Float(epilogue.activation(value))
    }
  }
}
