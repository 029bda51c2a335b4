import ModelGraph

/// Howard et al. 2017, "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications", as Keras's
/// `MobileNet`: ReLU6 after each normalization.
package struct MobileNet: Architecture, Hashable {
  package let name = "MobileNet"
  /// All widths are multiplied by it and rounded down.
  package var alpha = 1.0
  /// The kernels of each channel in the depthwise convolutions.
  package var depthMultiplier = 1
  package var input = Shape.map(height: 224, width: 224, channels: 3)
  package var top = Top.classifier(ClassifierHead())
  package var widthDivisor = 1
  package var pixelScaling: PixelScaling { .outside(.tensorFlow) }

  /// The pointwise convolutions' channels and the depthwise ones' strides.
  private static let blocks = [
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),
    (1024, 2), (1024, 1),
  ]

  /// Of those that are looked for in weights.
  private static let largestDepthMultiplier = 8

  package init() {}

  private func scaled(_ channels: Int) -> Int { Int(Double(channels) * alpha) }

  /// The last width tells alpha as exactly as matters to the others.
  package func variants(ofWidths widths: Set<Int>) -> [any Architecture] {
    widths.sorted().flatMap { width in
      (1...Self.largestDepthMultiplier).compactMap { multiplier in
        var variant = self
        variant.alpha = Double(width) / 1024
        variant.depthMultiplier = multiplier
        let pointwise = ([32] + Self.blocks.map(\.0)).map(variant.scaled)
        let needed = pointwise + pointwise.dropLast().map { $0 * multiplier }
        return needed.allSatisfy { $0 > 0 && widths.contains($0) } ? variant : nil
      }
    }
  }

  package func append(to network: inout NetworkBuilder) throws {
    try network.appendConvolution("conv1", scaled(32), Window(size: Extent(3), stride: Extent(2)))
    try network.appendUnit("conv1")
    for (index, (channels, stride)) in Self.blocks.enumerated() {
      let depthwise = "conv_dw_\(index + 1)"
      // Also of odd sides, where `.same` would pad all around.
      let padding: Padding = stride == 1 ? .same : .explicit(top: 0, left: 0, bottom: 1, right: 1)
      try network.appendDepthwise(
        depthwise, Window(size: Extent(3), stride: Extent(stride), padding: padding), multiplier: depthMultiplier)
      try network.appendUnit(depthwise)
      try network.appendConvolution("conv_pw_\(index + 1)", scaled(channels))
      try network.appendUnit("conv_pw_\(index + 1)")
    }
  }

  /// Keras's classifier is a convolution of the one position that pooling leaves.
  package func appendTop(to network: inout NetworkBuilder) throws {
    guard case .classifier(let classifier) = top else { return try network.append(top) }
    try network.appendPooling(.average)
    try network.append(classifier, named: "conv_preds", kind: .convolution)
  }
}

extension NetworkBuilder {
  fileprivate mutating func appendUnit(_ name: String) throws {
    try appendNormalization("\(name)_bn")
    try append("\(name)_relu", .activation(.relu6))
  }
}
