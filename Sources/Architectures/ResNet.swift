import ModelGraph

/// He et al. 2015, "Deep Residual Learning for Image Recognition", with bottlenecks, as Keras's `ResNet50`, `ResNet101` and
/// `ResNet152`: the stride is in a block's first 1x1 convolution, and convolutions have biases.
package struct ResNet: Architecture, Hashable {
  /// The blocks of each of four stages, whose bottlenecks are 64, 128, 256 and 512 wide.
  package var blocks: [Int]
  package var input = Shape.map(height: 224, width: 224, channels: 3)
  package var top = Top.classifier(ClassifierHead())
  package var widthDivisor = 1
  package var pixelScaling: PixelScaling { .outside(.caffe) }

  package static let resNet50 = ResNet(blocks: [3, 4, 6, 3])
  package static let resNet101 = ResNet(blocks: [3, 4, 23, 3])
  package static let resNet152 = ResNet(blocks: [3, 8, 36, 3])

  package init(blocks: [Int]) { self.blocks = blocks }

  /// The number counts the layers with weights on the main path: three in a block, the first and the classifier.
  package var name: String { "ResNet\(3 * blocks.reduce(0, +) + 2)" }

  package func append(to network: inout NetworkBuilder) throws {
    let border = { (width: Int) in Padding.explicit(top: width, left: width, bottom: width, right: width) }
    try network.appendNormalized(
      "conv1", 64, Window(size: Extent(7), stride: Extent(2), padding: border(3)))
    try network.append("conv1_relu", .activation(.relu))
    try network.append("pool1_pool", .maxPool(Window(size: Extent(3), stride: Extent(2), padding: border(1))))
    for (stage, (count, filters)) in zip(blocks, [64, 128, 256, 512]).enumerated() {
      for block in 0..<count {
        try network.appendBottleneck(
          "conv\(stage + 2)_block\(block + 1)", filters, stride: block == 0 && stage > 0 ? 2 : 1, isFirst: block == 0)
      }
    }
  }
}

extension NetworkBuilder {
  /// A block whose shortcut has a convolution of its own where it is a stage's first.
  fileprivate mutating func appendBottleneck(_ name: String, _ filters: Int, stride: Int, isFirst: Bool) throws {
    let start = last
    let strided = Window(size: Extent(1), stride: Extent(stride), padding: .valid)
    if isFirst { try appendNormalized("\(name)_0", 4 * filters, strided) }
    let shortcut = last
    last = start
    try appendNormalized("\(name)_1", filters, strided)
    try append("\(name)_1_relu", .activation(.relu))
    try appendNormalized("\(name)_2", filters, Window(size: Extent(3)))
    try append("\(name)_2_relu", .activation(.relu))
    try appendNormalized("\(name)_3", 4 * filters, Window(size: Extent(1)))
    try append("\(name)_add", .add, [shortcut, last])
    try append("\(name)_out", .activation(.relu))
  }

  fileprivate mutating func appendNormalized(_ name: String, _ channels: Int, _ window: Window) throws {
    try appendConvolution("\(name)_conv", channels, window, hasBias: true)
    try append("\(name)_bn", .batchNormalization(BatchNormalization(epsilon: 1.001e-5)))
  }
}
