import ModelGraph

/// Tan & Le 2021, "EfficientNetV2: Smaller Models and Faster Training", as Keras's `EfficientNetV2B0` to `B3`, `S`, `M` and `L`.
package struct EfficientNetV2: Architecture, Hashable {
  /// Blocks of one kind: how many, their channels, how many times as wide they are inside, and the first one's stride.
  package struct Stage: Hashable, Sendable {
    var count: Int
    var channels: Int
    var expansion: Int
    var stride: Int
    /// Whether one regular convolution does the work of the expansion's and the depthwise one, without squeeze-and-excite.
    var isFused: Bool

    init(_ count: Int, _ channels: Int, _ expansion: Int, _ stride: Int, isFused: Bool = false) {
      (self.count, self.channels, self.expansion, self.stride) = (count, channels, expansion, stride)
      self.isFused = isFused
    }
  }

  /// What follows `EfficientNetV2`.
  package var variant: String
  package var widthFactor = 1.0
  package var depthFactor = 1.0
  package var stemChannels: Int
  package var stages: [Stage]
  package var input: Shape
  package var top = Top.classifier(ClassifierHead())
  package var widthDivisor = 1

  package init(_ variant: String, stemChannels: Int, stages: [Stage], side: Int) {
    (self.variant, self.stemChannels, self.stages) = (variant, stemChannels, stages)
    input = .map(height: side, width: side, channels: 3)
  }

  package var name: String { "EfficientNetV2\(variant)" }

  /// ImageNet's mean and deviation in B0 to B3, x / 128 - 1 in the others.
  package var pixelScaling: PixelScaling {
    guard variant.hasPrefix("B"), input.channels == 3 else {
      let ones = [Double](repeating: 1, count: input.channels)
      return .inside(factors: ones.map { $0 / 128 }, offsets: ones.map { -$0 })
    }
    let (mean, deviation) = (ImageNet.mean, ImageNet.standardDeviation)
    return .inside(factors: deviation.map { 1 / (255 * $0) }, offsets: zip(mean, deviation).map { -$0 / $1 })
  }

  package static let all: [EfficientNetV2] =
    [(1.0, 1.0, 224), (1.0, 1.1, 240), (1.1, 1.2, 260), (1.2, 1.4, 300)].enumerated().map { index, scale in
      var network = EfficientNetV2("B\(index)", stemChannels: 32, stages: baseStages, side: scale.2)
      (network.widthFactor, network.depthFactor) = (scale.0, scale.1)
      return network
    } + [
      EfficientNetV2("S", stemChannels: 24, stages: smallStages, side: 384),
      EfficientNetV2("M", stemChannels: 24, stages: mediumStages, side: 480),
      EfficientNetV2("L", stemChannels: 32, stages: largeStages, side: 480),
    ]

  private static let baseStages = [
    Stage(1, 16, 1, 1, isFused: true), Stage(2, 32, 4, 2, isFused: true), Stage(2, 48, 4, 2, isFused: true),
    Stage(3, 96, 4, 2), Stage(5, 112, 6, 1), Stage(8, 192, 6, 2),
  ]
  private static let smallStages = [
    Stage(2, 24, 1, 1, isFused: true), Stage(4, 48, 4, 2, isFused: true), Stage(4, 64, 4, 2, isFused: true),
    Stage(6, 128, 4, 2), Stage(9, 160, 6, 1), Stage(15, 256, 6, 2),
  ]
  private static let mediumStages = [
    Stage(3, 24, 1, 1, isFused: true), Stage(5, 48, 4, 2, isFused: true), Stage(5, 80, 4, 2, isFused: true),
    Stage(7, 160, 4, 2), Stage(14, 176, 6, 1), Stage(18, 304, 6, 2), Stage(5, 512, 6, 1),
  ]
  private static let largeStages = [
    Stage(4, 32, 1, 1, isFused: true), Stage(7, 64, 4, 2, isFused: true), Stage(7, 96, 4, 2, isFused: true),
    Stage(10, 192, 4, 2), Stage(19, 224, 6, 1), Stage(25, 384, 6, 2), Stage(7, 640, 6, 1),
  ]

  private func scaled(_ channels: Int) -> Int {
    ChannelRounding.toEight(Double(channels) * widthFactor, keeps90Percent: false)
  }

  package func append(to network: inout NetworkBuilder) throws {
    try network.appendConvolution("stem_conv", scaled(stemChannels), Window(size: Extent(3), stride: Extent(2)))
    try network.appendSwish("stem_")
    var inputs = scaled(stemChannels)
    for (number, stage) in stages.enumerated() {
      for index in 0..<Int((depthFactor * Double(stage.count)).rounded(.up)) {
        let block = EfficientBlock(
          stage: number, index: index, window: 3, stride: index == 0 ? stage.stride : 1, inputs: inputs,
          outputs: scaled(stage.channels), expansion: stage.expansion, excites: !stage.isFused,
          depthwise: stage.isFused ? nil : "dwconv2")
        try network.append(block)
        inputs = block.outputs
      }
    }
    try network.appendConvolution("top_conv", scaled(1280))
    try network.appendSwish("top_")
  }
}
