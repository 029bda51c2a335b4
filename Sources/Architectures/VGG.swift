import ModelGraph

/// Simonyan & Zisserman 2014, "Very Deep Convolutional Networks for Large-Scale Image Recognition": five blocks of 3x3
/// convolutions with biases, a 2x2 pool after each.
package struct VGG: Architecture, Hashable {
  /// The convolutions of each block: of 64, 128, 256, 512 and 512 channels.
  package var convolutions: [Int]
  /// Whether a batch normalization follows each convolution, as in torchvision's `vgg16_bn`.
  package var isNormalized = false
  package var input = Shape.map(height: 224, width: 224, channels: 3)
  package var top = Top.classifier(ClassifierHead(fullyConnected: [4096, 4096]))
  package var widthDivisor = 1
  /// Keras's; torchvision's networks with normalizations take its own.
  package var pixelScaling: PixelScaling { .outside(isNormalized ? .torch : .caffe) }

  /// Columns A, B, D and E of the paper's table 1.
  package static let vgg11 = VGG(convolutions: [1, 1, 2, 2, 2])
  package static let vgg13 = VGG(convolutions: [2, 2, 2, 2, 2])
  package static let vgg16 = VGG(convolutions: [2, 2, 3, 3, 3])
  package static let vgg19 = VGG(convolutions: [2, 2, 4, 4, 4])
  static let all = [vgg11, vgg13, vgg16, vgg19]

  package init(convolutions: [Int]) { self.convolutions = convolutions }

  /// The number counts the layers with weights, of which three are dense.
  package var name: String { "VGG\(convolutions.reduce(3, +))" + (isNormalized ? "_BN" : "") }

  /// The five pools divide it by 32.
  package func side(ofFlattened features: Int) -> Int? {
    let side = Int((Double(features) / 512).squareRoot())
    return side > 0 && 512 * side * side == features ? 32 * side : nil
  }

  package func append(to network: inout NetworkBuilder) throws {
    for (block, (count, channels)) in zip(convolutions, [64, 128, 256, 512, 512]).enumerated() {
      for index in 0..<count {
        let name = "block\(block + 1)_conv\(index + 1)"
        try network.appendConvolution(name, channels, Window(size: Extent(3)), hasBias: true)
        if isNormalized { try network.append("\(name)_bn", .batchNormalization(BatchNormalization(epsilon: 1e-5))) }
        try network.append("\(name)_act", .activation(.relu))
      }
      let halving = Window(size: Extent(2), stride: Extent(2), padding: .valid)
      try network.append("block\(block + 1)_pool", .maxPool(halving))
    }
    network.flattens = true
  }
}
