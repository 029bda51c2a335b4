import ModelGraph

/// Howard et al. 2019, "Searching for MobileNetV3", as Keras's `MobileNetV3Small` and `MobileNetV3Large` for an input of known
/// size.
package struct MobileNetV3: Architecture, Hashable {
  package enum Size: Hashable, Sendable, CaseIterable {
    case small, large
  }

  package var size: Size
  /// The widths of blocks are multiplied by it and rounded to multiples of 8.
  package var alpha = 1.0
  /// Whether it has no squeeze-and-excite, no 5x5 windows and no hard swish.
  package var isMinimalistic = false
  package var input = Shape.map(height: 224, width: 224, channels: 3)
  package var top = Top.classifier(ClassifierHead())
  package var widthDivisor = 1
  package var pixelScaling: PixelScaling {
    let ones = [Double](repeating: 1, count: input.channels)
    return .inside(factors: ones.map { $0 / 127.5 }, offsets: ones.map { -$0 })
  }

  package init(_ size: Size) { self.size = size }

  package var name: String { size == .small ? "MobileNetV3Small" : "MobileNetV3Large" }

  package func variants(ofWidths widths: Set<Int>) -> [any Architecture] {
    let factors = ChannelRounding.factors(widths) { alpha in
      [lastWidth(alpha)] + blocks.map { ChannelRounding.toEight(Double($0.channels) * alpha) }
    }
    return factors.flatMap { alpha in
      [false, true].map { isMinimalistic in
        var variant = self
        (variant.alpha, variant.isMinimalistic) = (alpha, isMinimalistic)
        return variant
      }
    }
  }

  private func lastWidth(_ alpha: Double) -> Int {
    6 * ChannelRounding.toEight(Double(blocks[blocks.count - 1].channels) * alpha)
  }

  package func append(to network: inout NetworkBuilder) throws {
    let activation = self.activation
    try network.appendConvolution("conv", 16, Window(size: Extent(3), stride: Extent(2)))
    try network.appendNormalization("conv_bn")
    try network.append("conv_act", .activation(activation))
    var inputs = 16
    for (index, block) in blocks.enumerated() {
      var block = block
      block.channels = ChannelRounding.toEight(Double(block.channels) * alpha)
      if isMinimalistic { (block.window, block.excites) = (3, false) }
      try network.append(block, index, inputs, block.swishes ? activation : .relu)
      inputs = block.channels
    }
    try network.appendConvolution("conv_1", lastWidth(alpha))
    try network.appendNormalization("conv_1_bn")
    try network.append("conv_1_act", .activation(activation))
  }

  /// Two layers, which Keras makes convolutions of the one position that pooling leaves.
  package func appendTop(to network: inout NetworkBuilder) throws {
    guard case .classifier(let classifier) = top else { return try network.append(top) }
    try network.appendPooling(.average)
    let features = Double(size == .small ? 1024 : 1280)
    let outputs = network.width(alpha > 1 ? ChannelRounding.toEight(features * alpha) : Int(features))
    try network.append("conv_2", .dense(Dense(outputs: outputs)))
    network.keras.kinds["conv_2"] = .convolution
    try network.append("conv_2_act", .activation(activation))
    try network.append(classifier, named: "logits", kind: .convolution)
  }

  private var activation: Activation { isMinimalistic ? .relu : .hardSwish }
}

/// A row of the paper's tables 1 and 2.
private struct MobileBlock {
  /// The width inside is so many times that of the input.
  var expansion: Double
  var channels: Int
  var window: Int
  var stride: Int
  var excites: Bool
  var swishes: Bool

  init(_ expansion: Double, _ channels: Int, _ window: Int, _ stride: Int, excites: Bool, swishes: Bool) {
    (self.expansion, self.channels, self.window, self.stride) = (expansion, channels, window, stride)
    (self.excites, self.swishes) = (excites, swishes)
  }

  static let small = [
    MobileBlock(1, 16, 3, 2, excites: true, swishes: false),
    MobileBlock(72.0 / 16, 24, 3, 2, excites: false, swishes: false),
    MobileBlock(88.0 / 24, 24, 3, 1, excites: false, swishes: false),
    MobileBlock(4, 40, 5, 2, excites: true, swishes: true),
    MobileBlock(6, 40, 5, 1, excites: true, swishes: true),
    MobileBlock(6, 40, 5, 1, excites: true, swishes: true),
    MobileBlock(3, 48, 5, 1, excites: true, swishes: true),
    MobileBlock(3, 48, 5, 1, excites: true, swishes: true),
    MobileBlock(6, 96, 5, 2, excites: true, swishes: true),
    MobileBlock(6, 96, 5, 1, excites: true, swishes: true),
    MobileBlock(6, 96, 5, 1, excites: true, swishes: true),
  ]

  static let large = [
    MobileBlock(1, 16, 3, 1, excites: false, swishes: false),
    MobileBlock(4, 24, 3, 2, excites: false, swishes: false),
    MobileBlock(3, 24, 3, 1, excites: false, swishes: false),
    MobileBlock(3, 40, 5, 2, excites: true, swishes: false),
    MobileBlock(3, 40, 5, 1, excites: true, swishes: false),
    MobileBlock(3, 40, 5, 1, excites: true, swishes: false),
    MobileBlock(6, 80, 3, 2, excites: false, swishes: true),
    MobileBlock(2.5, 80, 3, 1, excites: false, swishes: true),
    MobileBlock(2.3, 80, 3, 1, excites: false, swishes: true),
    MobileBlock(2.3, 80, 3, 1, excites: false, swishes: true),
    MobileBlock(6, 112, 3, 1, excites: true, swishes: true),
    MobileBlock(6, 112, 3, 1, excites: true, swishes: true),
    MobileBlock(6, 160, 5, 2, excites: true, swishes: true),
    MobileBlock(6, 160, 5, 1, excites: true, swishes: true),
    MobileBlock(6, 160, 5, 1, excites: true, swishes: true),
  ]
}

extension MobileNetV3 {
  private var blocks: [MobileBlock] { size == .small ? MobileBlock.small : MobileBlock.large }
}

extension NetworkBuilder {
  fileprivate mutating func append(
    _ block: MobileBlock, _ index: Int, _ inputs: Int, _ activation: Activation
  ) throws {
    let start = last
    let name = index == 0 ? "expanded_conv_" : "expanded_conv_\(index)_"
    let expanded = ChannelRounding.toEight(Double(inputs) * block.expansion)
    if index > 0 {
      try appendConvolution("\(name)expand", expanded)
      try appendNormalization("\(name)expand_bn")
      try append("\(name)expand_act", .activation(activation))
    }
    try appendDepthwise("\(name)depthwise", Window(size: Extent(block.window), stride: Extent(block.stride)))
    try appendNormalization("\(name)depthwise_bn")
    try append("\(name)depthwise_act", .activation(activation))
    if block.excites { try appendExcitation("\(name)squeeze_excite_", expanded) }
    try appendConvolution("\(name)project", block.channels)
    try appendNormalization("\(name)project_bn")
    if block.stride == 1, inputs == block.channels { try append("\(name)add", .add, [start, last]) }
  }

  private mutating func appendExcitation(_ name: String, _ expanded: Int) throws {
    let (start, channels) = (last, channels)
    try append("\(name)avg_pool", .globalPool(GlobalPool(.average, keepsDimensions: true)))
    try appendConvolution("\(name)conv", ChannelRounding.toEight(Double(expanded) * 0.25), hasBias: true)
    try append("\(name)relu", .activation(.relu))
    let last = Convolution(window: Window(size: Extent(1)), outputChannels: channels, hasBias: true)
    try append("\(name)conv_1", .convolution(last))
    try append("\(name)sigmoid", .activation(.hardSigmoid(slope: 1 / 6, offset: 0.5)))
    try append("\(name)mul", .binary(.product), [start, self.last])
  }
}
