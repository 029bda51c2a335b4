import ModelGraph
import Reference
import Runtime
import TestSupport
import Testing

/// Channels that are joined to those of a map where it lies.
@Suite struct ConcatenationTests {
  private static let window = Window(size: Extent(3), padding: .same)
  private static let clamped = Epilogue(activation: .relu6)

  /// A block as DenseNet has it: each layer reads all that there is and adds some channels, the last of them no whole panel;
  /// the values are whole and at most 6.
  private static func block(
    _ height: Int, _ width: Int, last: Operation = .maxPool(Window(size: Extent(2), stride: Extent(2)))
  ) throws -> (graph: Graph, input: [Float]) {
    var network = try RandomWeighted(.map(height: height, width: width, channels: 3), seed: 21, .integers)
    var map = try network.append(.convolution(Convolution(window: window, outputChannels: 64, epilogue: clamped)))
    for (layer, channels) in [32, 96, 32, 17].enumerated() {
      let window = layer % 2 == 0 ? window : Window(size: Extent(1))
      var middle = map
      if layer > 0 {
        middle = try network.append(
          .separableConvolution(
            SeparableConvolution(
              window: Window(size: Extent(1)), outputChannels: 33, hasDepthwiseBias: true, middleActivation: .relu6,
              epilogue: clamped)), [map])
      }
      let layer = try network.append(
        .convolution(Convolution(window: window, outputChannels: channels, epilogue: clamped)), [middle])
      map = try network.append(.concatenate, [map, layer])
    }
    try network.append(last, [map])
    return (network.graph, network.input())
  }

  private static func joins(_ plan: Plan) -> Int {
    plan.stageDescriptions.count { $0.kernel == "join channels" }
  }

  @Test(
    arguments: [(1, 1), (5, 7), (9, 4)],
    [
      Operation.maxPool(Window(size: Extent(1))), .globalPool(GlobalPool(.maximum)),
      .convolution(Convolution(window: Window(size: Extent(3), padding: .same), outputChannels: 35)),
    ])
  func `Channels that are added give the reference's values, and the map is not copied`(
    size: (height: Int, width: Int), last: Operation
  ) throws {
    let (graph, input) = try Self.block(size.height, size.width, last: last)
    try expectReference(graph, for: input, .rounded)
    #expect(Self.joins(try Plan(graph, pool: testPool)) == 1)
    try PrecisionTests().expectBFloat16(graph, for: input, "\(last)")
  }

  /// What goes over rows as they lie in memory, or reads the map again, needs a map of its own.
  @Test func `A map that is read otherwise is copied`() throws {
    let (graph, input) = try Self.block(4, 5, last: .activation(.tanh))
    try expectReference(graph, for: input, .rounded)
    #expect(Self.joins(try Plan(graph, pool: testPool)) == 2)

    var network = try RandomWeighted(.map(height: 4, width: 5, channels: 32), seed: 22, .integers)
    let first = try network.append(.convolution(Convolution(window: Self.window, outputChannels: 32)))
    let second = try network.append(.convolution(Convolution(window: Self.window, outputChannels: 32)), [0])
    let joined = try network.append(.concatenate, [first, second])
    let third = try network.append(.convolution(Convolution(window: Self.window, outputChannels: 64)), [joined])
    try network.append(.concatenate, [first, third])
    #expect(Self.joins(try Plan(network.graph, pool: testPool)) == 2)
    try expectReference(network.graph, for: network.input(), .rounded)
  }

  /// Parts as Inception has them: convolutions and a pool write theirs in place, but for one that ends within a column panel;
  /// and before them a pool of what a convolution of the image makes, which is floats beside packed channels.
  @Test(arguments: [(17, 1), (32, 1), (32, 2)])
  func `Parts that are written in place and copied ones leave each other alone`(channels: Int, groups: Int) throws {
    var network = try RandomWeighted(.map(height: 6, width: 7, channels: 3), seed: 23, .integers)
    func convolution(_ side: Int, _ channels: Int, groups: Int = 1) -> Operation {
      .convolution(
        Convolution(
          window: Window(size: Extent(side), padding: .same), outputChannels: channels, groups: groups,
          epilogue: Self.clamped))
    }
    let pool = Operation.maxPool(Self.window)
    let image = try network.append(convolution(3, 64))
    let pooled = try network.append(pool, [image])
    let packed = try network.append(convolution(1, 32), [image])
    let mixed = try network.append(.concatenate, [pooled, packed])
    let parts = try [convolution(1, 32), pool, convolution(3, 64), convolution(1, channels)].map {
      try network.append($0, [mixed])
    }
    let joined = try network.append(.concatenate, parts)
    try network.append(convolution(1, 32, groups: groups), [joined])
    #expect(Self.joins(try Plan(network.graph, pool: testPool)) == (channels == 32 ? 0 : 1))
    try expectReference(network.graph, for: network.input(), .rounded)
    try PrecisionTests().expectBFloat16(network.graph, for: network.input(), "\(channels) channels, \(groups) groups")
  }
}
