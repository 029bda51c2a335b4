import Kernels
import ModelGraph
import Reference
import Runtime
import TestSupport
import Testing

/// What pools do to values as they read and store them.
@Suite struct PooledNormalizationTests {
  private static func normalization(_ channels: Int, _ activation: Activation) -> Operation {
    .convolution(
      Convolution(
        window: Window(size: Extent(1), padding: .valid), outputChannels: channels, groups: channels, hasBias: true,
        epilogue: Epilogue(activation: activation)))
  }

  private static func kernels(_ graph: Graph) throws -> [String] {
    try Plan(graph, pool: testPool).stageDescriptions.map(\.kernel).filter { !$0.hasPrefix("copy") }
  }

  /// As DenseNet's transitions.
  @Test(arguments: RandomShapes.channels, [Activation.identity, .relu, .relu6])
  func `A normalization that only an average reads is part of it`(channels: Int, activation: Activation) throws {
    for (side, stride, padding) in [(2, 2, Padding.same), (2, 3, .valid), (3, 3, .same), (1, 2, .valid)] {
      var network = try RandomWeighted(.map(height: 7, width: 6, channels: channels), seed: 31, .floats)
      let image = try network.append(.maxPool(Window(size: Extent(2))))
      try network.append(Self.normalization(channels, activation), [image])
      let window = Window(size: Extent(side), stride: Extent(stride), padding: padding)
      try network.append(.averagePool(AveragePool(window: window, countsPadding: stride == 3)))
      try network.append(.activation(.relu))
      #expect(try Self.kernels(network.graph) == ["max pool", "average pool"])
      try expectReference(network.graph, for: network.input(), .rounded)
      try PrecisionTests().expectBFloat16(network.graph, for: network.input(), "\(window) \(activation)")
    }
  }

  @Test func `A normalization that another node reads, twice or through a function, has a map of its own`() throws {
    let half = Operation.averagePool(AveragePool(window: Window(size: Extent(2), stride: Extent(2))))
    let overlapping = Operation.averagePool(AveragePool(window: Window(size: Extent(3), stride: Extent(2))))
    let largest = Operation.maxPool(Window(size: Extent(2), stride: Extent(2)))
    for (activation, pool) in [(Activation.tanh, half), (.relu, overlapping), (.relu, largest)] {
      var network = try RandomWeighted(.map(height: 7, width: 6, channels: 33), seed: 32, .floats)
      let image = try network.append(.maxPool(Window(size: Extent(2))))
      try network.append(Self.normalization(33, activation), [image])
      try network.append(pool)
      #expect(try Self.kernels(network.graph).count == 3)
      try expectReference(network.graph, for: network.input(), .rounded)
    }
    var network = try RandomWeighted(.map(height: 7, width: 6, channels: 33), seed: 33, .floats)
    let image = try network.append(.maxPool(Window(size: Extent(2))))
    let normalized = try network.append(Self.normalization(33, .relu), [image])
    let pools = try [half, largest].map { try network.append($0, [normalized]) }
    try network.append(.add, pools)
    #expect(try Self.kernels(network.graph) == ["max pool", "depthwise", "average pool", "max pool", "add"])
    try expectReference(network.graph, for: network.input(), .rounded)
  }

  @Test(arguments: RandomShapes.channels, [Activation.relu, .relu6, .clip(minimum: -1, maximum: 2)])
  func `Limits that alone read a pool are applied as it stores`(channels: Int, activation: Activation) throws {
    let (half, large) = (Window(size: Extent(2), stride: Extent(2)), Window(size: Extent(3)))
    for pool in [
      Operation.maxPool(Window(size: Extent(3), stride: Extent(2))), .maxPool(half),
      .averagePool(AveragePool(window: large)), .averagePool(AveragePool(window: half)),
    ] {
      var network = try RandomWeighted(.map(height: 6, width: 5, channels: channels), seed: 34, .integers)
      let sum = try network.append(.add, [0, 0])
      try network.append(pool, [sum])
      try network.append(.activation(activation))
      #expect(try Self.kernels(network.graph).count == 2)
      try expectReference(network.graph, for: network.input(), .rounded)
      // Means of 3 x 3 are multiplied by a ninth, where the reference divides.
      if case .averagePool(let pool) = pool, pool.window.size == Extent(3) { continue }
      try PrecisionTests().expectBFloat16(network.graph, for: network.input(), "\(pool) \(activation)")
    }
  }

  /// As in an Inception module whose convolution was moved before the pool.
  @Test func `A pool writes its part of a concatenation, and its limits with it`() throws {
    var network = try RandomWeighted(.map(height: 6, width: 5, channels: 33), seed: 35, .integers)
    let window = Window(size: Extent(1))
    let image = try network.append(.maxPool(Window(size: Extent(2))))
    let parts = try (0..<2).map { _ in
      try network.append(.convolution(Convolution(window: window, outputChannels: 32)), [image])
    }
    let mean = try network.append(.averagePool(AveragePool(window: Window(size: Extent(3)))), [parts[1]])
    let limited = try network.append(.activation(.relu6), [mean])
    let joined = try network.append(.concatenate, [parts[0], limited])
    try network.append(.convolution(Convolution(window: window, outputChannels: 8)), [joined])
    #expect(try Self.kernels(network.graph).allSatisfy { $0 != "join channels" && $0 != "activate" })
    try expectReference(network.graph, for: network.input(), .rounded)
    try PrecisionTests().expectBFloat16(network.graph, for: network.input(), "a part")
  }
}
