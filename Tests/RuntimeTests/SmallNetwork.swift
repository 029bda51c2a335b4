import ModelGraph
import Optimizer
import TestSupport

@testable import Runtime

/// Small networks of the kinds of layers that Xception lacks.
enum SmallNetwork: CaseIterable {
  /// Convolutions of 1 x 7 and 7 x 1, as in Inception.
  case lines
  /// Convolutions of 3 x 3 with residuals, as in ResNet.
  case residuals
  /// Convolutions of 5 x 5, as in Inception's modules.
  case modules
  /// Depthwise convolutions whose channels are scaled by what their means say, as in EfficientNet.
  case squeezeAndExcite
  /// Normalized convolutions that are joined to what they read, as in DenseNet.
  case concatenations

  /// With Winograd's transforms wherever they can be, whatever they cost, and bands of rows where `isStaged`.
  static func options(isStaged: Bool) -> PlanOptions {
    var options = PlanOptions()
    options.weighsWinograd = false
    if isStaged { options.turnMapBytes = 0 }
    return options
  }

  /// What the plan's stages must say for the network to be of its kind.
  func kernels(_ precision: Precision) -> [String] {
    switch self {
    case .lines: precision == .float32 ? ["Winograd F(2,7), fp32"] : []
    case .residuals:
      switch precision {
      case .float32: ["Winograd F(4x4,3x3), fp32"]
      case .bfloat16: []
      case .int8: ["Winograd F(4x4,3x3), int16"]
      }
    case .modules: precision == .float32 ? ["Winograd F(4x4,5x5), fp32"] : []
    case .squeezeAndExcite: ["mean of sums", "scale + product"]
    case .concatenations: []
    }
  }

  func graph(_ precision: Precision) throws -> (graph: Graph, input: [Float]) {
    var network = try RandomWeighted(.map(height: 9, width: 10, channels: 3), seed: 91, .floats)
    try network.appendUnit(channels: 33, Extent(3))
    switch self {
    case .lines:
      try network.appendUnit(channels: 37, Extent(height: 1, width: 7))
      try network.appendUnit(channels: 70, Extent(height: 7, width: 1))
    case .residuals:
      for _ in 0..<2 {
        let start = network.last
        try network.appendUnit(channels: 40, Extent(3))
        let branch = try network.appendConvolution(channels: 33, Extent(3))
        try network.append(.add, [start, branch])
        try network.append(.activation(.relu))
      }
    case .modules:
      try network.appendUnit(channels: 37, Extent(5))
      try network.appendUnit(channels: 70, Extent(5))
    case .squeezeAndExcite:
      for stride in [1, 2] {
        try network.appendUnit(channels: 48, Extent(1), activation: .silu)
        let window = Window(size: Extent(stride == 1 ? 3 : 5), stride: Extent(stride))
        try network.append(
          .convolution(Convolution(window: window, outputChannels: 48, groups: 48, hasBias: true)))
        let map = try network.append(.activation(.silu))
        try network.append(.globalPool(GlobalPool(.average, keepsDimensions: true)))
        try network.appendUnit(channels: 12, Extent(1), activation: .silu)
        let gate = try network.appendUnit(channels: 48, Extent(1), activation: .sigmoid)
        try network.append(.binary(.product), [map, gate])
        try network.appendConvolution(channels: 40, Extent(1))
      }
    case .concatenations:
      for _ in 0..<3 {
        let start = network.last
        for (channels, side) in [(40, 1), (16, 3)] {
          try network.append(.batchNormalization(BatchNormalization(epsilon: 0.001)))
          try network.append(.activation(.relu))
          try network.appendConvolution(channels: channels, Extent(side))
        }
        try network.append(.concatenate, [start, network.last])
      }
      try network.appendUnit(channels: 40, Extent(1))
      try network.append(.averagePool(AveragePool(window: Window(size: Extent(2), stride: Extent(2)))))
    }
    try network.append(.globalPool(GlobalPool(.average)))
    try network.append(.dense(Dense(outputs: 21)))
    let graph = try Optimizer.optimize(network.graph)
    return (precision == .int8 ? try graph.withIntegerKernels() : graph, network.input())
  }
}

extension RandomWeighted {
  fileprivate var last: Int { builder.graph.nodes.count - 1 }

  @discardableResult
  fileprivate mutating func appendConvolution(channels: Int, _ size: Extent) throws -> Int {
    try append(.convolution(Convolution(window: Window(size: size), outputChannels: channels, hasBias: true)))
  }

  /// A convolution and an activation.
  @discardableResult
  fileprivate mutating func appendUnit(
    channels: Int, _ size: Extent, activation: Activation = .relu
  ) throws -> Int {
    try appendConvolution(channels: channels, size)
    return try append(.activation(activation))
  }
}
