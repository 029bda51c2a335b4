import ModelGraph

/// He et al. 2016, "Identity Mappings in Deep Residual Networks", as Keras's `ResNet50V2`, `ResNet101V2` and `ResNet152V2`: the
/// normalization comes first, and a stage's last block has the stride.
package struct ResNetV2: Architecture, Hashable {
  /// The blocks of each of four stages, whose bottlenecks are 64, 128, 256 and 512 wide.
  package var blocks: [Int]
  package var input = Shape.map(height: 224, width: 224, channels: 3)
  package var top = Top.classifier(ClassifierHead())
  package var widthDivisor = 1
  package var pixelScaling: PixelScaling { .outside(.tensorFlow) }

  package static let resNet50 = ResNetV2(blocks: [3, 4, 6, 3])
  package static let resNet101 = ResNetV2(blocks: [3, 4, 23, 3])
  package static let resNet152 = ResNetV2(blocks: [3, 8, 36, 3])

  package init(blocks: [Int]) { self.blocks = blocks }

  /// The number counts the layers with weights on the main path: three in a block, the first and the classifier.
  package var name: String { "ResNet\(3 * blocks.reduce(0, +) + 2)V2" }

  package func append(to network: inout NetworkBuilder) throws {
    let border = Padding.explicit(top: 3, left: 3, bottom: 3, right: 3)
    try network.appendConvolution(
      "conv1_conv", 64, Window(size: Extent(7), stride: Extent(2), padding: border), hasBias: true)
    // Values may be negative here, so the zeros around them count.
    try network.append("pool1_pad", .pad(Pad(top: 1, left: 1, bottom: 1, right: 1)))
    try network.append("pool1_pool", .maxPool(Window(size: Extent(3), stride: Extent(2), padding: .valid)))
    for (stage, (count, filters)) in zip(blocks, [64, 128, 256, 512]).enumerated() {
      for block in 0..<count {
        try network.appendBottleneck(
          "conv\(stage + 2)_block\(block + 1)", filters, stride: block == count - 1 && stage < 3 ? 2 : 1,
          isFirst: block == 0)
      }
    }
    try network.appendRectified("post")
  }
}

extension NetworkBuilder {
  /// A normalization and a ReLU, of the networks in which they come before a convolution.
  mutating func appendRectified(_ name: String) throws {
    try appendNormalization("\(name)_bn", epsilon: 1.001e-5)
    try append("\(name)_relu", .activation(.relu))
  }

  fileprivate mutating func appendBottleneck(_ name: String, _ filters: Int, stride: Int, isFirst: Bool) throws {
    var shortcut = last
    try appendRectified("\(name)_preact")
    let start = last
    if isFirst {
      try appendConvolution(
        "\(name)_0_conv", 4 * filters, Window(size: Extent(1), stride: Extent(stride)), hasBias: true)
      shortcut = last
    } else if stride > 1 {
      let every = Window(size: Extent(1), stride: Extent(stride), padding: .valid)
      try append("\(name)_pool", .maxPool(every), [shortcut])
      shortcut = last
    }
    last = start
    try appendConvolution("\(name)_1_conv", filters)
    try appendRectified("\(name)_1")
    let border = Padding.explicit(top: 1, left: 1, bottom: 1, right: 1)
    try appendConvolution("\(name)_2_conv", filters, Window(size: Extent(3), stride: Extent(stride), padding: border))
    keras.padded.insert("\(name)_2_conv")
    try appendRectified("\(name)_2")
    try appendConvolution("\(name)_3_conv", 4 * filters, hasBias: true)
    try append("\(name)_out", .add, [shortcut, last])
  }
}
