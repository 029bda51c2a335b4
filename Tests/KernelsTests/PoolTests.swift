import ModelGraph
import Runtime
import TestSupport
import Testing

@Suite struct PoolTests {
  @Test(arguments: 0..<100)
  func `The largest of whole numbers under a window is the reference's`(seed: Int) throws {
    var shapes = RandomShapes(seed: seed)
    let shape = shapes.map(channels: shapes.channelCount())
    var network = try RandomWeighted(shape, seed: UInt64(seed), .integers)
    try network.append(.maxPool(shapes.window(on: shape, pooling: true)))
    let input = network.input()
    try expectReference(network.graph, for: input, .exact)
  }

  @Test(arguments: 0..<40, [false, true])
  func `Means under a window stay within the bound of their sums`(seed: Int, countsPadding: Bool) throws {
    var shapes = RandomShapes(seed: 500 + seed)
    let shape = shapes.map(channels: shapes.channelCount())
    var network = try RandomWeighted(shape, seed: UInt64(seed), .floats)
    let window = shapes.window(on: shape, pooling: true)
    try network.append(.averagePool(AveragePool(window: window, countsPadding: countsPadding)))
    let input = network.input()
    try expectReference(network.graph, for: input, .rounded)
  }

  @Test(arguments: [(1, 1), (2, 2), (1, 4), (4, 2), (8, 1)])
  func `Means over a power of two of whole numbers are exact`(height: Int, width: Int) throws {
    for channels in RandomShapes.channels {
      let shape = Shape.map(height: height, width: width, channels: channels)
      var network = try RandomWeighted(shape, seed: UInt64(channels), .integers)
      try network.append(.globalPool(GlobalPool(.average)))
      let input = network.input()
      try expectReference(network.graph, for: input, .exact)
      var windowed = try RandomWeighted(shape, seed: UInt64(channels), .integers)
      let window = Window(size: Extent(height: height, width: width), padding: .valid)
      try windowed.append(.averagePool(AveragePool(window: window)))
      try expectReference(windowed.graph, for: input, .exact)
    }
  }

  @Test(arguments: RandomShapes.channels)
  func `Means over a map stay within the bound of their sums`(channels: Int) throws {
    var network = try RandomWeighted(.map(height: 7, width: 5, channels: channels), seed: 4, .floats)
    try network.append(.globalPool(GlobalPool(.average)))
    let input = network.input()
    try expectReference(network.graph, for: input, .rounded)
  }

  /// One pool of Xception's, at each parity of the sides and on each side of the padding.
  @Test(arguments: [(1, 1), (1, 2), (2, 1), (7, 7), (7, 8), (8, 7), (8, 8)])
  func `A pool of 3 x 3 with stride 2 pads where TensorFlow does`(height: Int, width: Int) throws {
    for padding: Padding in [
      .same, .explicit(top: 1, left: 1, bottom: 1, right: 1), .explicit(top: 2, left: 0, bottom: 0, right: 2),
    ] {
      var network = try RandomWeighted(.map(height: height, width: width, channels: 33), seed: 6, .integers)
      let window = Window(size: Extent(3), stride: Extent(2), padding: padding)
      try network.append(.maxPool(window))
      // All values negative: padding must not count as zero.
      let input = network.input().map { $0 - 4 }
      try expectReference(network.graph, for: input, .exact)
    }
  }
}
