import ModelGraph
import TestSupport

/// A graph that first copies its input into a map of the plan's kind: by two fp32 convolutions with the identity as kernel,
/// as what the first one makes stays fp32.
struct RandomLayer {
  var network: RandomWeighted
  var shapes: RandomShapes
  let shape: Shape

  init(seed: Int, _ values: RandomWeights.Values) throws {
    var shapes = RandomShapes(seed: seed)
    try self.init(shapes.map(channels: shapes.channelCount()), seed: seed, values, shapes)
  }

  init(_ shape: Shape, seed: Int, _ values: RandomWeights.Values) throws {
    try self.init(shape, seed: seed, values, RandomShapes(seed: seed))
  }

  private init(_ shape: Shape, seed: Int, _ values: RandomWeights.Values, _ shapes: RandomShapes) throws {
    self.shape = shape
    self.shapes = shapes
    network = try RandomWeighted(shape, seed: UInt64(seed), values)
    let channels = shape.channels
    for node in 1...2 {
      try network.append(.convolution(Convolution(window: Window(size: Extent(1)), outputChannels: channels)))
      // Any bf16 value times one is itself.
      network.kernels[node] = (0..<channels * channels).map { Float($0 / channels == $0 % channels ? 1 : 0) }
    }
  }

  /// A convolution, or, of odd kinds, one with a residual; from the third kind on separable ones.
  mutating func graph(kind: Int) throws -> Graph {
    while true {
      let window = shapes.chance(2) ? Window(size: Extent(3)) : shapes.window(on: shape)
      let outputs = shapes.channelCount()
      let addsResidual = kind % 2 == 1
      let epilogue = Epilogue(addsResidual: addsResidual, activation: shapes.activation(exact: true))
      let input = shapes.pick([Activation.identity, .relu])
      let operation: Operation =
        if kind < 2 {
          .convolution(
            Convolution(
              window: window, outputChannels: outputs, hasBias: shapes.chance(2), inputActivation: input,
              epilogue: epilogue))
        } else {
          .separableConvolution(
            SeparableConvolution(
              window: window, outputChannels: outputs, hasDepthwiseBias: shapes.chance(2), hasBias: shapes.chance(2),
              inputActivation: input, middleActivation: shapes.activation(exact: true), epilogue: epilogue))
        }
      var network = network
      if addsResidual {
        let residual = try network.append(
          .convolution(Convolution(window: window, outputChannels: outputs, epilogue: Epilogue(activation: .relu6))),
          [2])
        try network.append(operation, [2, residual])
      } else {
        try network.append(operation, [2])
      }
      let graph = network.graph
      // The input's copies count for themselves.
      let multiplyAdds = graph.nodes.dropFirst(3).reduce(0) { $0 + graph.multiplyAdds(of: $1) }
      guard multiplyAdds <= mostMultiplyAdds else { continue }
      self.network = network
      return graph
    }
  }

  /// Operations that multiply nothing, on maps that are read several times.
  mutating func mapGraph() throws -> Graph {
    let window = shapes.window(on: shape, pooling: true)
    let largest = try network.append(.maxPool(window), [2])
    let mean = try network.append(.averagePool(AveragePool(window: window, countsPadding: shapes.chance(2))), [2])
    let sum = try network.append(.add, [largest, mean])
    let joined = try network.append(.concatenate, [sum, largest, mean])
    let clamped = try network.append(.activation(shapes.pick([.relu, .relu6])), [joined])
    let again = try network.append(.concatenate, [clamped, sum])
    if shapes.chance(3) { try network.append(.flatten, [again]) }
    return network.graph
  }

  mutating func pointwise(_ columns: Int) throws -> Graph {
    try network.append(
      .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: columns, hasBias: true)), [2])
    return network.graph
  }

  mutating func separable(_ columns: Int) throws -> Graph {
    try network.append(
      .separableConvolution(SeparableConvolution(window: Window(size: Extent(3)), outputChannels: columns)), [2])
    return network.graph
  }

  /// Values that bf16 has.
  mutating func input() -> [Float] { network.input().map(\.roundedToBFloat16) }

  /// A row of random operations without a product of matrices.
  ///
  /// - Parameter exact: Whether values are whole and must stay so.
  mutating func operations(count: Int, exact: Bool) throws -> Graph {
    var last = 2
    for _ in 0..<count { last = try appendOperation(to: last, exact: exact) }
    return network.graph
  }

  private mutating func appendOperation(to last: Int, exact: Bool) throws -> Int {
    let shape = network.builder.shape(of: last)
    let (sides, channels) = (shape.dimensions, shape.channels)
    let moves: [Operation] = [
      .pad(Pad(top: 1, left: 0, bottom: 2, right: 1)), .pad(Pad(top: 0, left: 2, bottom: 0, right: 0, value: 2)),
      .slice(
        Slice(
          rows: .init(first: sides[0] / 2, count: sides[0] - sides[0] / 2), columns: .init(first: 0, count: sides[1]),
          channels: .init(first: channels / 3, count: max(1, channels / 2)))),
      .shuffleChannels(groups: channels % 3 == 0 ? 3 : channels % 2 == 0 ? 2 : 1),
      .resize(Resize(.factor(Extent(height: 2, width: 1)), filter: .nearest)),
      .reshape(.map(height: sides[1], width: sides[0], channels: channels)),
      .reshape(.map(height: 1, width: channels, channels: sides[0] * sides[1])), .parametricRelu,
      .maxPool(Window(size: Extent(2))), .activation(.leakyRelu(slope: 2)),
    ]
    let others: [Operation] =
      exact
      ? [
        .transposedConvolution(
          TransposedConvolution(
            size: Extent(height: 2, width: 3), stride: Extent(height: 2, width: 1),
            padding: .init(top: 0, left: 1, bottom: 1, right: 1), extra: Extent(height: 1, width: 0), outputChannels: 5,
            hasBias: true))
      ]
      : [
        .layerNormalization(LayerNormalization()), .layerNormalization(LayerNormalization(hasGamma: false)),
        .unitNormalization, .logSoftmax, .sparsemax,
        .resize(Resize(.size(Extent(height: 3, width: 4)), filter: .bilinear)),
      ]
    switch shapes.count(0...5) {
    case 0: return try network.append(shapes.pick(others), [last])
    case 1:
      let again = try network.append(shapes.pick([.activation(.relu), .activation(.relu6)]), [last])
      return try network.append(.binary(shapes.pick([.sum, .difference, .maximum, .minimum])), [last, again])
    case 2: return try appendRepeated(last, shape, exact: exact)
    case 3: return try appendConstant(last, shape, exact: exact)
    default: return try network.append(shapes.pick(moves), [last])
    }
  }

  /// One value for each channel, joined with all pixels: a vector, or a map of one pixel.
  private mutating func appendRepeated(_ last: Int, _ shape: Shape, exact: Bool) throws -> Int {
    var pooled = try network.append(.globalPool(GlobalPool(.maximum, keepsDimensions: shapes.chance(2))), [last])
    if shapes.chance(2) {
      let isVector = network.builder.shape(of: pooled).dimensions.count == 1
      let other: Shape = isVector ? .map(height: 1, width: 1, channels: shape.channels) : .vector(shape.channels)
      pooled = try network.append(.reshape(other), [pooled])
      if shapes.chance(2) { pooled = try network.append(.activation(.relu6), [pooled]) }
    }
    let function = exact ? Binary.difference : shapes.pick(Binary.allCases.filter { $0 != .quotient })
    return try network.append(.binary(function), shapes.chance(2) ? [last, pooled] : [pooled, last])
  }

  private mutating func appendConstant(_ last: Int, _ shape: Shape, exact: Bool) throws -> Int {
    let sides = shape.dimensions
    let constant = shapes.pick([
      shape, .vector(shape.channels), .map(height: 1, width: 1, channels: shape.channels),
      .map(height: sides[0], width: sides[1], channels: 1), .map(height: 1, width: sides[1], channels: shape.channels),
      .vector(1),
    ])
    // No zeros, by which a quotient would be no number.
    let values = (0..<constant.elementCount).map { Float($0 % 3 + 1) }
    let node = try network.append(.constant(constant), [], values: values)
    let function = shapes.pick([Binary.sum, .minimum] + (exact ? [] : [.quotient]))
    return try network.append(.binary(function), [last, node])
  }
}
