import ModelGraph

/// Szegedy et al. 2016, "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning", as Keras's
/// `InceptionResNetV2`: the paper's Inception-ResNet-v2 with a smaller stem.
package struct InceptionResNetV2: Architecture, Hashable {
  package let name = "InceptionResNetV2"
  package var input = Shape.map(height: 299, width: 299, channels: 3)
  package var top = Top.classifier(ClassifierHead())
  package var widthDivisor = 1
  package var pixelScaling: PixelScaling { .outside(.tensorFlow) }

  package init() {}

  package func append(to network: inout NetworkBuilder) throws {
    let pool = Window(size: Extent(3), stride: Extent(2), padding: .valid)
    try network.appendUnit("stem1", (32, 3, 3), stride: 2, padding: .valid)
    try network.appendUnit("stem2", (32, 3, 3), padding: .valid)
    try network.appendUnit("stem3", (64, 3, 3))
    try network.append("stem3_pool", .maxPool(pool))
    try network.appendUnit("stem4", (80, 1, 1), padding: .valid)
    try network.appendUnit("stem5", (192, 3, 3), padding: .valid)
    try network.append("stem5_pool", .maxPool(pool))
    try network.appendMixed(
      "mixed_5b", [[(96, 1, 1)], [(48, 1, 1), (64, 5, 5)], [(64, 1, 1), (96, 3, 3), (96, 3, 3)]], pooled: 64)
    for index in 1...10 { try network.append(.block35, index, scale: 0.17) }
    try network.appendReduction("mixed_6a", [[(384, 3, 3)], [(256, 1, 1), (256, 3, 3), (384, 3, 3)]])
    for index in 1...20 { try network.append(.block17, index, scale: 0.1) }
    try network.appendReduction(
      "mixed_7a",
      [[(256, 1, 1), (384, 3, 3)], [(256, 1, 1), (288, 3, 3)], [(256, 1, 1), (288, 3, 3), (320, 3, 3)]])
    for index in 1...9 { try network.append(.block8, index, scale: 0.2) }
    try network.append(.block8, 10, scale: 1, isActivated: false)
    try network.appendConvolution("conv_7b", 1536)
    try network.append("conv_7b_bn", .batchNormalization(BatchNormalization(hasGamma: false)))
    try network.append("conv_7b_ac", .activation(.relu))
  }
}

/// Branches whose join is added to what they read.
private struct ResidualBlock {
  var name: String
  var branches: [[NetworkBuilder.Step]]

  static let block35 = ResidualBlock(
    name: "block35",
    branches: [[(32, 1, 1)], [(32, 1, 1), (32, 3, 3)], [(32, 1, 1), (48, 3, 3), (64, 3, 3)]])
  static let block17 = ResidualBlock(
    name: "block17", branches: [[(192, 1, 1)], [(128, 1, 1), (160, 1, 7), (192, 7, 1)]])
  static let block8 = ResidualBlock(
    name: "block8", branches: [[(192, 1, 1)], [(192, 1, 1), (224, 1, 3), (256, 3, 1)]])
}

extension NetworkBuilder {
  fileprivate mutating func append(
    _ block: ResidualBlock, _ index: Int, scale: Float, isActivated: Bool = true
  ) throws {
    let name = "\(block.name)_\(index)"
    let (start, channels) = (last, channels)
    try append("\(name)_mixed", .concatenate, try appendBranches(name, block.branches))
    let widened = Convolution(window: Window(size: Extent(1)), outputChannels: channels, hasBias: true)
    try append("\(name)_conv", .convolution(widened))
    // Keras's layer multiplies and adds.
    try appendScale("\(name)_sum/scale", scale)
    try append("\(name)_sum/add", .add, [start, last])
    if isActivated { try append("\(name)_ac", .activation(.relu)) }
  }
}
