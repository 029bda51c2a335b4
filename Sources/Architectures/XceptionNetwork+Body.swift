import ModelGraph

extension XceptionNetwork {
  package func append(to network: inout NetworkBuilder) throws {
    try appendEntryFlow(to: &network)
    for block in 5...12 { try appendMiddleBlock("block\(block)", to: &network) }
    try appendExitFlow(to: &network)
  }

  private func appendEntryFlow(to network: inout NetworkBuilder) throws {
    for (name, channels, stride) in [("block1_conv1", 32, 2), ("block1_conv2", 64, 1)] {
      let window = Window(size: Extent(3), stride: Extent(stride), padding: .valid)
      try network.appendConvolution(name, channels, window)
      try appendNormalization(name, to: &network)
      try network.append("\(name)_act", .activation(.relu))
    }
    try appendShrinkingBlock("block2", widths: (128, 128), startsWithActivation: false, to: &network)
    try appendShrinkingBlock("block3", widths: (256, 256), to: &network)
    try appendShrinkingBlock("block4", widths: (728, 728), to: &network)
  }

  private func appendExitFlow(to network: inout NetworkBuilder) throws {
    try appendShrinkingBlock("block13", widths: (728, 1024), to: &network)
    for (name, channels) in [("block14_sepconv1", 1536), ("block14_sepconv2", 2048)] {
      try appendSeparable(name, channels: channels, to: &network)
      try network.append("\(name)_act", .activation(.relu))
    }
  }

  /// Two separable convolutions and a pool of stride 2; the shortcut reads what the block reads, before its first ReLU.
  ///
  /// Keras sorts layers by their distance from the output, so the shortcut's convolution comes just before the pool and its
  /// normalization just after.
  private func appendShrinkingBlock(
    _ name: String, widths: (Int, Int), startsWithActivation: Bool = true, to network: inout NetworkBuilder
  ) throws {
    let start = network.last
    for (index, width) in [widths.0, widths.1].enumerated() {
      let layer = "\(name)_sepconv\(index + 1)"
      if index > 0 || startsWithActivation { try network.append("\(layer)_act", .activation(.relu)) }
      try appendSeparable(layer, channels: width, to: &network)
    }
    let main = network.last
    let shrinking = Window(size: Extent(3), stride: Extent(2))
    guard hasResiduals else { return try network.append("\(name)_pool", .maxPool(shrinking)) }

    network.last = start
    let strided = Window(size: Extent(1), stride: Extent(2))
    try network.appendConvolution("\(name)_shortcut", widths.1, strided, isNumbered: true)
    let convolution = network.last
    try network.append("\(name)_pool", .maxPool(shrinking), [main])
    let pool = network.last
    network.last = convolution
    try appendNormalization("\(name)_shortcut", to: &network, isNumbered: true)
    try network.append("\(name)_add", .add, [pool, network.last])
  }

  private func appendMiddleBlock(_ name: String, to network: inout NetworkBuilder) throws {
    let start = network.last
    for index in 1...3 {
      try network.append("\(name)_sepconv\(index)_act", .activation(.relu))
      try appendSeparable("\(name)_sepconv\(index)", channels: 728, to: &network)
    }
    if hasResiduals { try network.append("\(name)_add", .add, [network.last, start]) }
  }

  /// A separable convolution and its normalization.
  private func appendSeparable(_ name: String, channels: Int, to network: inout NetworkBuilder) throws {
    switch order {
    case .depthwiseFirst:
      try appendSpatial(name, to: &network)
      try appendMiddleActivation(name, to: &network)
      try appendPointwise(name, channels: channels, to: &network)
    case .pointwiseFirst:
      try appendPointwise(name, channels: channels, to: &network)
      try appendMiddleActivation(name, to: &network)
      try appendSpatial(name, to: &network)
    }
    try appendNormalization(name, to: &network)
  }

  private func appendSpatial(_ name: String, to network: inout NetworkBuilder) throws {
    let channels = network.channels
    let spatial = Convolution(
      window: Window(size: Extent(3)), outputChannels: channels, groups: segments ?? channels)
    try network.append("\(name)/depthwise", .convolution(spatial))
  }

  private func appendPointwise(_ name: String, channels: Int, to network: inout NetworkBuilder) throws {
    try network.appendConvolution("\(name)/pointwise", channels, Window(size: Extent(1)))
  }

  private func appendMiddleActivation(_ name: String, to network: inout NetworkBuilder) throws {
    guard middleActivation != .identity else { return }
    try network.append("\(name)/activation", .activation(middleActivation))
  }

  /// Keras's epsilon of 0.001, the default.
  private func appendNormalization(
    _ name: String, to network: inout NetworkBuilder, isNumbered: Bool = false
  ) throws {
    try network.append("\(name)_bn", .batchNormalization(BatchNormalization()), isNumbered: isNumbered)
  }
}
