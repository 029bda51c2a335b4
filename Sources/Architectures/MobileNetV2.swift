import ModelGraph

/// Sandler et al. 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks", as Keras's `MobileNetV2` for an input of known
/// size.
package struct MobileNetV2: Architecture, Hashable {
  package let name = "MobileNetV2"
  /// All widths are multiplied by it and rounded to multiples of 8, the last one only by more than 1.
  package var alpha = 1.0
  package var input = Shape.map(height: 224, width: 224, channels: 3)
  package var top = Top.classifier(ClassifierHead())
  package var widthDivisor = 1
  package var pixelScaling: PixelScaling { .outside(.tensorFlow) }

  /// The paper's table 2: channels, blocks, and the stride of the first.
  private static let stages = [
    (16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1),
  ]

  package init() {}

  private static func stemWidth(_ alpha: Double) -> Int { ChannelRounding.toEight(32 * alpha) }
  private static func width(_ channels: Int, _ alpha: Double) -> Int {
    ChannelRounding.toEight(Double(Int(Double(channels) * alpha)))
  }
  private static func lastWidth(_ alpha: Double) -> Int { alpha > 1 ? ChannelRounding.toEight(1280 * alpha) : 1280 }

  package func variants(ofWidths widths: Set<Int>) -> [any Architecture] {
    let factors = ChannelRounding.factors(widths) { alpha in
      [Self.stemWidth(alpha), Self.lastWidth(alpha)] + Self.stages.map { Self.width($0.0, alpha) }
    }
    return factors.map { alpha in
      var variant = self
      variant.alpha = alpha
      return variant
    }
  }

  package func append(to network: inout NetworkBuilder) throws {
    try network.appendConvolution("Conv1", Self.stemWidth(alpha), Window(size: Extent(3), stride: Extent(2)))
    try network.appendNormalization("bn_Conv1")
    try network.append("Conv1_relu", .activation(.relu6))
    var (index, channels) = (0, Self.stemWidth(alpha))
    for (wide, count, stride) in Self.stages {
      let outputs = Self.width(wide, alpha)
      for block in 0..<count {
        try network.appendInvertedResidual(index, channels, outputs, stride: block == 0 ? stride : 1)
        (index, channels) = (index + 1, outputs)
      }
    }
    try network.appendConvolution("Conv_1", Self.lastWidth(alpha))
    try network.appendNormalization("Conv_1_bn")
    try network.append("out_relu", .activation(.relu6))
  }
}

extension NetworkBuilder {
  fileprivate mutating func appendInvertedResidual(
    _ index: Int, _ inputs: Int, _ outputs: Int, stride: Int
  ) throws {
    let start = last
    let name = index == 0 ? "expanded_conv_" : "block_\(index)_"
    if index > 0 {
      try appendConvolution("\(name)expand", 6 * inputs)
      try appendNormalization("\(name)expand_BN")
      try append("\(name)expand_relu", .activation(.relu6))
    }
    try appendDepthwise("\(name)depthwise", Window(size: Extent(3), stride: Extent(stride)))
    try appendNormalization("\(name)depthwise_BN")
    try append("\(name)depthwise_relu", .activation(.relu6))
    try appendConvolution("\(name)project", outputs)
    try appendNormalization("\(name)project_BN")
    if stride == 1, inputs == outputs { try append("\(name)add", .add, [start, last]) }
  }
}
