import ModelGraph

/// The network as it is being built, block by block.
struct XceptionBody {
  let network: XceptionNetwork
  let weights: (_ node: String, _ role: ParameterRole, _ dimensions: [Int]) throws -> Tensor
  var builder = GraphBuilder()
  /// The node that the next one reads.
  private var last = 0

  init(
    network: XceptionNetwork,
    weights: @escaping (_ node: String, _ role: ParameterRole, _ dimensions: [Int]) throws -> Tensor
  ) {
    self.network = network
    self.weights = weights
  }

  mutating func appendAll() throws {
    last = try builder.append("input", .input(network.input))
    try appendEntryFlow()
    for block in 5...12 { try appendMiddleBlock("block\(block)") }
    try appendExitFlow()
    try appendTop()
  }

  private mutating func appendEntryFlow() throws {
    for (name, channels, stride) in [("block1_conv1", 32, 2), ("block1_conv2", 64, 1)] {
      let window = Window(size: Extent(3), stride: Extent(stride), padding: .valid)
      try append(name, .convolution(Convolution(window: window, outputChannels: network.width(channels))))
      try appendNormalization(name)
      try append("\(name)_act", .activation(.relu))
    }
    try appendShrinkingBlock("block2", widths: (128, 128), startsWithActivation: false)
    try appendShrinkingBlock("block3", widths: (256, 256))
    try appendShrinkingBlock("block4", widths: (728, 728))
  }

  private mutating func appendExitFlow() throws {
    try appendShrinkingBlock("block13", widths: (728, 1024))
    for (name, channels) in [("block14_sepconv1", 1536), ("block14_sepconv2", 2048)] {
      try appendSeparable(name, channels: channels)
      try append("\(name)_act", .activation(.relu))
    }
  }

  /// Two separable convolutions and a pool of stride 2; the shortcut reads what the block reads, before its first ReLU.
  ///
  /// Keras sorts layers by their distance from the output, so the shortcut's convolution comes just before the pool and its
  /// normalization just after.
  private mutating func appendShrinkingBlock(
    _ name: String, widths: (Int, Int), startsWithActivation: Bool = true
  ) throws {
    let start = last
    for (index, width) in [widths.0, widths.1].enumerated() {
      let layer = "\(name)_sepconv\(index + 1)"
      if index > 0 || startsWithActivation { try append("\(layer)_act", .activation(.relu)) }
      try appendSeparable(layer, channels: width)
    }
    let main = last
    let shrinking = Window(size: Extent(3), stride: Extent(2))
    guard network.hasResiduals else { return try append("\(name)_pool", .maxPool(shrinking)) }

    let shortcut = Convolution(
      window: Window(size: Extent(1), stride: Extent(2)), outputChannels: network.width(widths.1))
    last = start
    try append("\(name)_shortcut", .convolution(shortcut))
    let pool = try builder.append("\(name)_pool", .maxPool(shrinking), [main])
    try appendNormalization("\(name)_shortcut")
    last = try builder.append("\(name)_add", .add, [pool, last])
  }

  private mutating func appendMiddleBlock(_ name: String) throws {
    let start = last
    for index in 1...3 {
      try append("\(name)_sepconv\(index)_act", .activation(.relu))
      try appendSeparable("\(name)_sepconv\(index)", channels: 728)
    }
    if network.hasResiduals { last = try builder.append("\(name)_add", .add, [last, start]) }
  }

  /// A separable convolution and its normalization.
  private mutating func appendSeparable(_ name: String, channels: Int) throws {
    switch network.order {
    case .depthwiseFirst:
      try appendSpatial(name)
      try appendMiddleActivation(name)
      try appendPointwise(name, channels: channels)
    case .pointwiseFirst:
      try appendPointwise(name, channels: channels)
      try appendMiddleActivation(name)
      try appendSpatial(name)
    }
    try appendNormalization(name)
  }

  private mutating func appendSpatial(_ name: String) throws {
    let channels = builder.shape(of: last).channels
    let spatial = Convolution(
      window: Window(size: Extent(3)), outputChannels: channels, groups: network.segments ?? channels)
    try append("\(name)/depthwise", .convolution(spatial))
  }

  private mutating func appendPointwise(_ name: String, channels: Int) throws {
    let pointwise = Convolution(window: Window(size: Extent(1)), outputChannels: network.width(channels))
    try append("\(name)/pointwise", .convolution(pointwise))
  }

  private mutating func appendMiddleActivation(_ name: String) throws {
    guard network.middleActivation != .identity else { return }
    try append("\(name)/activation", .activation(network.middleActivation))
  }

  /// Keras's epsilon of 0.001, the default.
  private mutating func appendNormalization(_ name: String) throws {
    try append("\(name)_bn", .batchNormalization(BatchNormalization()))
  }

  private mutating func appendTop() throws {
    guard network.top != .none else { return }
    try append("avg_pool", .globalPool(GlobalPool(.average)))
    guard case .classifier(let classifier) = network.top else { return }
    for (index, width) in classifier.fullyConnected.enumerated() {
      try append("fc\(index + 1)", .dense(Dense(outputs: width)))
      try append("fc\(index + 1)_act", .activation(.relu))
    }
    try append("predictions", .dense(Dense(outputs: classifier.classes)))
    switch classifier.output {
    case .logits: break
    case .softmax: try append("predictions_act", .softmax)
    case .sigmoid: try append("predictions_act", .activation(.sigmoid))
    }
  }

  private mutating func append(_ name: String, _ operation: Operation) throws {
    let weights = weights
    last = try builder.append(name, operation, [last]) { role, dimensions in
      try weights(name, role, dimensions)
    }
  }
}
