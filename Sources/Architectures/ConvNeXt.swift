import ModelGraph

/// Liu et al. 2022, "A ConvNet for the 2020s", as Keras's `ConvNeXtTiny` to `ConvNeXtXLarge`.
package struct ConvNeXt: Architecture, Hashable {
  /// What follows `ConvNeXt`.
  package var variant: String
  /// The blocks and the channels of each of four stages.
  package var blocks: [Int]
  package var widths: [Int]
  package var input = Shape.map(height: 224, width: 224, channels: 3)
  package var top = Top.classifier(ClassifierHead())
  package var widthDivisor = 1

  package static let all = [
    ConvNeXt("Tiny", blocks: [3, 3, 9, 3], widths: [96, 192, 384, 768]),
    ConvNeXt("Small", blocks: [3, 3, 27, 3], widths: [96, 192, 384, 768]),
    ConvNeXt("Base", blocks: [3, 3, 27, 3], widths: [128, 256, 512, 1024]),
    ConvNeXt("Large", blocks: [3, 3, 27, 3], widths: [192, 384, 768, 1536]),
    ConvNeXt("XLarge", blocks: [3, 3, 27, 3], widths: [256, 512, 1024, 2048]),
  ]

  package init(_ variant: String, blocks: [Int], widths: [Int]) {
    (self.variant, self.blocks, self.widths) = (variant, blocks, widths)
  }

  package var name: String { "ConvNeXt\(variant)" }

  /// ImageNet's mean and deviation, of three channels.
  package var pixelScaling: PixelScaling {
    guard input.channels == 3 else {
      let ones = [Double](repeating: 1, count: input.channels)
      return .inside(factors: ones, offsets: ones.map { _ in 0 })
    }
    let (mean, deviation) = (ImageNet.mean, ImageNet.standardDeviation)
    return .inside(factors: deviation.map { 1 / (255 * $0) }, offsets: zip(mean, deviation).map { -$0 / $1 })
  }

  /// Of all names.
  private var prefix: String { "convnext_\(variant.lowercased())_" }

  package func append(to network: inout NetworkBuilder) throws {
    for (stage, (count, channels)) in zip(blocks, widths).enumerated() {
      if stage == 0 {
        let container = "\(prefix)stem"
        try network.appendPatches("\(container)_conv", channels, side: 4, in: container)
        try network.appendLayerNormalization("\(container)_layernorm", in: container)
      } else {
        let container = "\(prefix)downsampling_block_\(stage - 1)"
        try network.appendLayerNormalization("\(prefix)downsampling_layernorm_\(stage - 1)", in: container)
        try network.appendPatches("\(prefix)downsampling_conv_\(stage - 1)", channels, side: 2, in: container)
      }
      for index in 0..<count { try network.appendBlock("\(prefix)stage_\(stage)_block_\(index)_") }
    }
  }

  /// A normalization before the classifier, or after the pooling.
  package func appendTop(to network: inout NetworkBuilder) throws {
    guard case .classifier(let classifier) = top else {
      try network.append(top)
      return try network.appendLayerNormalization("layer_normalization", isNumbered: true)
    }
    try network.appendPooling(.average)
    try network.appendLayerNormalization("\(prefix)head_layernorm")
    try network.append(classifier, named: "\(prefix)head_dense")
  }
}

extension NetworkBuilder {
  fileprivate mutating func appendPatches(
    _ name: String, _ channels: Int, side: Int, in container: String
  ) throws {
    let window = Window(size: Extent(side), stride: Extent(side), padding: .valid)
    try appendConvolution(name, channels, window, hasBias: true)
    keras.containers[name] = container
  }

  fileprivate mutating func appendLayerNormalization(
    _ name: String, in container: String? = nil, isNumbered: Bool = false
  ) throws {
    try append(name, .layerNormalization(LayerNormalization(epsilon: 1e-6)), isNumbered: isNumbered)
    keras.containers[name] = container
  }

  /// Keras's depthwise convolution is one of as many groups, its pointwise ones are dense layers.
  fileprivate mutating func appendBlock(_ name: String) throws {
    let (start, channels) = (last, channels)
    try appendDepthwise("\(name)depthwise_conv", Window(size: Extent(7)), hasBias: true)
    keras.kinds["\(name)depthwise_conv"] = .convolution
    try appendLayerNormalization("\(name)layernorm")
    try appendPointwise("\(name)pointwise_conv_1", 4 * channels)
    try append("\(name)gelu", .activation(.gelu))
    try appendPointwise("\(name)pointwise_conv_2", channels)
    try appendScale("\(name)layer_scale")
    keras.kinds["\(name)layer_scale"] = .layerScale
    try append("\(name)add", .add, [start, last])
  }

  private mutating func appendPointwise(_ name: String, _ outputs: Int) throws {
    let convolution = Convolution(window: Window(size: Extent(1)), outputChannels: outputs, hasBias: true)
    try append(name, .convolution(convolution))
    keras.kinds[name] = .dense
  }
}
