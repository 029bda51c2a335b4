import ModelGraph

extension NetworkBuilder {
  /// He et al. 2015, as Keras's `ResNet152`: the stride is in a block's first 1x1 convolution, and convolutions have biases.
  mutating func appendResNet152() throws {
    let border = { (width: Int) in Padding.explicit(top: width, left: width, bottom: width, right: width) }
    try appendNormalized(
      "conv1", 64, Window(size: Extent(7), stride: Extent(2), padding: border(3)), isActivated: true)
    try append("pool1_pool", .maxPool(Window(size: Extent(3), stride: Extent(2), padding: border(1))))
    for (stack, (blocks, filters)) in [(3, 64), (8, 128), (36, 256), (3, 512)].enumerated() {
      for block in 1...blocks {
        try appendBottleneck(
          "conv\(stack + 2)_block\(block)", filters, stride: block == 1 && stack > 0 ? 2 : 1, isFirst: block == 1)
      }
    }
  }

  private mutating func appendBottleneck(_ name: String, _ filters: Int, stride: Int, isFirst: Bool) throws {
    let start = last
    let strided = Window(size: Extent(1), stride: Extent(stride), padding: .valid)
    if isFirst { try appendNormalized("\(name)_0", 4 * filters, strided, isActivated: false) }
    let shortcut = last
    last = start
    try appendNormalized("\(name)_1", filters, strided, isActivated: true)
    try appendNormalized("\(name)_2", filters, Window(size: Extent(3)), isActivated: true)
    try appendNormalized("\(name)_3", 4 * filters, Window(size: Extent(1)), isActivated: false)
    try append("\(name)_add", .add, [shortcut, last])
    try append("\(name)_out", .activation(.relu))
  }

  private mutating func appendNormalized(
    _ name: String, _ channels: Int, _ window: Window, isActivated: Bool
  ) throws {
    try appendConvolution("\(name)_conv", channels, window, hasBias: true)
    try append("\(name)_bn", .batchNormalization(BatchNormalization(epsilon: 1.001e-5)))
    if isActivated { try append("\(name)_relu", .activation(.relu)) }
  }
}
