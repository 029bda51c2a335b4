import ModelGraph

/// Tan & Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", as Keras's `EfficientNetB0` to
/// `EfficientNetB7` for an input of known size.
package struct EfficientNet: Architecture, Hashable {
  /// The number after B.
  package var index: Int
  package var widthFactor: Double
  package var depthFactor: Double
  package var input: Shape
  package var top = Top.classifier(ClassifierHead())
  package var widthDivisor = 1
  package var pixelScaling: PixelScaling { .normalized }

  package static let all: [EfficientNet] = [
    (1.0, 1.0, 224), (1.0, 1.1, 240), (1.1, 1.2, 260), (1.2, 1.4, 300), (1.4, 1.8, 380), (1.6, 2.2, 456),
    (1.8, 2.6, 528), (2.0, 3.1, 600),
  ].enumerated().map { EfficientNet(index: $0, widthFactor: $1.0, depthFactor: $1.1, side: $1.2) }

  /// The paper's table 1: the window, blocks, channels, how many times as wide they are inside, and the first one's stride.
  private static let stages = [
    (3, 1, 16, 1, 1), (3, 2, 24, 6, 2), (5, 2, 40, 6, 2), (3, 3, 80, 6, 2), (5, 3, 112, 6, 1), (5, 4, 192, 6, 2),
    (3, 1, 320, 6, 1),
  ]

  package init(index: Int, widthFactor: Double, depthFactor: Double, side: Int) {
    (self.index, self.widthFactor, self.depthFactor) = (index, widthFactor, depthFactor)
    input = .map(height: side, width: side, channels: 3)
  }

  package var name: String { "EfficientNetB\(index)" }

  private func scaled(_ channels: Int) -> Int { ChannelRounding.toEight(Double(channels) * widthFactor) }

  package func append(to network: inout NetworkBuilder) throws {
    try network.appendConvolution("stem_conv", scaled(32), Window(size: Extent(3), stride: Extent(2)))
    try network.appendSwish("stem_")
    var inputs = scaled(32)
    for (stage, (window, count, channels, expansion, stride)) in Self.stages.enumerated() {
      for index in 0..<Int((depthFactor * Double(count)).rounded(.up)) {
        let block = EfficientBlock(
          stage: stage, index: index, window: window, stride: index == 0 ? stride : 1, inputs: inputs,
          outputs: scaled(channels), expansion: expansion, excites: true, depthwise: "dwconv")
        try network.append(block)
        inputs = block.outputs
      }
    }
    try network.appendConvolution("top_conv", scaled(1280))
    try network.appendSwish("top_")
  }
}

/// An inverted residual of EfficientNet or EfficientNetV2.
struct EfficientBlock {
  /// Both from 0; in names they are a number from 1 and a letter.
  var stage: Int
  var index: Int
  var window: Int
  var stride: Int
  var inputs: Int
  var outputs: Int
  /// How many times as wide as its input it is inside.
  var expansion: Int
  /// Whether it has squeeze-and-excite: a quarter of the input's width.
  var excites: Bool
  /// What its depthwise convolution is called; nil where one regular convolution does its and the expansion's work.
  var depthwise: String?

  var name: String {
    let letters = Array("abcdefghijklmnopqrstuvwxyz")
    return "block\(stage + 1)\(letters[index % letters.count])_"
  }
}

extension NetworkBuilder {
  mutating func append(_ block: EfficientBlock) throws {
    let (start, name) = (last, block.name)
    let window = Window(size: Extent(block.window), stride: Extent(block.stride))
    let pointwise = Window(size: Extent(1))
    let isFused = block.depthwise == nil
    if block.expansion != 1 {
      try appendConvolution("\(name)expand_conv", block.expansion * block.inputs, isFused ? window : pointwise)
      try appendSwish("\(name)expand_")
    }
    if let depthwise = block.depthwise {
      try appendDepthwise("\(name)\(depthwise)", window)
      try appendSwish(name)
    }
    if block.excites { try appendExcitation("\(name)se_", max(1, block.inputs / 4)) }
    let isOnlyOne = isFused && block.expansion == 1
    try appendConvolution("\(name)project_conv", block.outputs, isOnlyOne ? window : pointwise)
    try appendNormalization("\(name)project_bn")
    if isOnlyOne { try append("\(name)project_activation", .activation(.silu)) }
    if block.stride == 1, block.inputs == block.outputs { try append("\(name)add", .add, [last, start]) }
  }

  mutating func appendSwish(_ prefix: String) throws {
    try appendNormalization("\(prefix)bn")
    try append("\(prefix)activation", .activation(.silu))
  }

  private mutating func appendExcitation(_ name: String, _ squeezed: Int) throws {
    let (start, channels) = (last, channels)
    try append("\(name)squeeze", .globalPool(GlobalPool(.average, keepsDimensions: true)))
    try appendConvolution("\(name)reduce", squeezed, hasBias: true)
    try append("\(name)reduce_act", .activation(.silu))
    let expand = Convolution(window: Window(size: Extent(1)), outputChannels: channels, hasBias: true)
    try append("\(name)expand", .convolution(expand))
    try append("\(name)expand_act", .activation(.sigmoid))
    try append("\(name)excite", .binary(.product), [start, last])
  }
}
