import ModelGraph

extension ReferenceExecutor {
  static func convolution(
    _ convolution: Convolution, _ inputs: [[Float]], _ shape: Shape, weights: [[Float]]
  ) -> [Float] {
    let input = activated(inputs[0], by: convolution.inputActivation)
    let positions = ReferenceWindow(convolution.window, on: shape.extent)
    let residual = convolution.epilogue.addsResidual ? inputs.dropFirst().first : nil
    let tiles = (positions.outputCount + ConvolutionTile.width - 1) / ConvolutionTile.width
    return joined(tiles) { index in
      let first = index * ConvolutionTile.width
      var tile = ConvolutionTile(positions, first..<min(first + ConvolutionTile.width, positions.outputCount))
      tile.add(convolution, input, channels: shape.channels, kernel: weights[0])
      return (0..<tile.count).flatMap { lane in
        let place = (first + lane) * convolution.outputChannels
        return finished(
          tile.sums.lazy.map { $0[lane] }, bias: convolution.hasBias ? weights[1] : nil,
          residual: residual?[place..<place + convolution.outputChannels], convolution.epilogue.activation)
      }
    }
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
    var sums = DenseSums(input, outputs: dense.outputs)
    sums.add(weights[0], at: 0)
    return finished(sums.values, bias: dense.hasBias ? weights[1] : nil, residual: nil, dense.activation)
  }

  /// The same with a kernel that is never in memory as a whole: VGG's largest takes 411 MB.
  static func dense(_ dense: Dense, _ input: [Float], kernel: Tensor, bias: [Float]?) throws -> [Float] {
    var sums = DenseSums(input, outputs: dense.outputs)
    try kernel.forEachPart { values, offset in sums.add(values, at: offset) }
    return finished(sums.values, bias: bias, residual: nil, dense.activation)
  }

  static func activated(_ values: [Float], by activation: Activation) -> [Float] {
    activation == .identity ? values : values.map { Float(activation(Double($0))) }
  }

  /// The sums of one position: plus bias, plus residual, through the activation, rounded.
  private static func finished(
    _ sums: some Sequence<Double>, bias: [Float]?, residual: ArraySlice<Float>?, _ activation: Activation
  ) -> [Float] {
    sums.enumerated().map { channel, sum in
      var value = sum
      if let bias { value += Double(bias[channel]) }
      if let residual { value += Double(residual[residual.startIndex + channel]) }
      return Float(activation(value))
    }
  }
}

/// The sums of a few output positions of a convolution: for each channel, a lane for each position.
///
/// A row of the kernel is read once for all of them. The terms of each sum are added in the order of the window's rows,
/// its columns and the input channels, whatever the tile: lanes do not mix.
private struct ConvolutionTile {
  static let width = SIMD8<Double>.scalarCount

  let count: Int
  private(set) var sums: [SIMD8<Double>] = []
  private let positions: ReferenceWindow
  private let first: Int

  init(_ positions: ReferenceWindow, _ range: Range<Int>) {
    self.positions = positions
    first = range.lowerBound
    count = range.count
  }

  mutating func add(_ convolution: Convolution, _ input: [Float], channels: Int, kernel: [Float]) {
    let size = convolution.window.size
    let groupInputs = channels / convolution.groups
    precondition(input.count == positions.input.height * positions.input.width * channels)
    precondition(kernel.count == size.height * size.width * groupInputs * convolution.outputChannels)
    sums = Array(repeating: .zero, count: convolution.outputChannels)
    for row in 0..<size.height {
      for column in 0..<size.width {
        let sources = (0..<count).map { positions.source(row: row, column: column, at: first + $0) }
        var isOnMap = SIMDMask<SIMD8<Int64>>(repeating: false)
        for (lane, source) in sources.enumerated() { isOnMap[lane] = source != nil }
        guard any(isOnMap) else { continue }
        let starts = sources.map { $0.map { $0 * channels } }
        let tap = (row * size.width + column) * groupInputs
        for channel in 0..<channels {
          let values = Self.values(of: input, starts, channel)
          let (group, inGroup) = channel.quotientAndRemainder(dividingBy: groupInputs)
          add(values, where: isOnMap, times: kernel, row: tap + inGroup, group: group, of: convolution.groups)
        }
      }
    }
  }

  /// The values of one input channel at each position; zero where the window's tap is beside the map.
  private static func values(of input: [Float], _ starts: [Int?], _ channel: Int) -> SIMD8<Double> {
    var values = SIMD8<Double>.zero
    for (lane, start) in starts.enumerated() { if let start { values[lane] = Double(input[start + channel]) } }
    return values
  }

  /// `sums[j] += values * kernel[row][j]` for the output channels `j` of one group.
  private mutating func add(
    _ values: SIMD8<Double>, where isOnMap: SIMDMask<SIMD8<Int64>>, times kernel: [Float], row: Int, group: Int,
    of groups: Int
  ) {
    let columns = sums.count / groups
    // Bounds are checked here, once, and not at each access.
    let weights = kernel.span.extracting(row * sums.count + group * columns..<row * sums.count + (group + 1) * columns)
    precondition((group + 1) * columns <= sums.count)
    var sums = sums.mutableSpan
    let start = group * columns
    if all(isOnMap) {
      for j in 0..<columns { unsafe sums[unchecked: start &+ j] += values * Double(weights[unchecked: j]) }
    } else {
      for j in 0..<columns {
        let sum = unsafe sums[unchecked: start &+ j]
        let next = unsafe sum + values * Double(weights[unchecked: j])
        unsafe sums[unchecked: start &+ j] = sum.replacing(with: next, where: isOnMap)
      }
    }
  }
}

/// The sums of a dense layer, whose kernel comes in parts: `values[j] += input[i] * kernel[i][j]`, by i.
private struct DenseSums {
  private(set) var values: [Double]
  private let input: [Float]

  init(_ input: [Float], outputs: Int) {
    self.input = input
    values = Array(repeating: 0, count: outputs)
  }

  /// - Parameter offset: Where in the kernel the part begins, which may be inside a row.
  mutating func add(_ part: [Float], at offset: Int) {
    let outputs = values.count
    precondition(offset >= 0 && offset + part.count <= input.count * outputs)
    var position = 0
    while position < part.count {
      let (row, column) = (offset + position).quotientAndRemainder(dividingBy: outputs)
      let count = min(outputs - column, part.count - position)
      let value = Double(input[row])
      let weights = part.span.extracting(position..<position + count)
      var sums = values.mutableSpan
      // Bounds are checked above, once, and not at each access.
      for j in 0..<count { unsafe sums[unchecked: column &+ j] += value * Double(weights[unchecked: j]) }
      position += count
    }
  }
}
