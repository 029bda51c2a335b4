import ModelGraph
import Runtime
import TestSupport
import Testing

@Suite struct ElementwiseTests {
  private static let shapes: [Shape] = [
    .map(height: 1, width: 1, channels: 1), .map(height: 3, width: 2, channels: 5),
    .map(height: 2, width: 5, channels: 33), .vector(1), .vector(17), .vector(64),
  ]

  @Test(arguments: shapes, [Activation.identity, .relu, .relu6])
  func `Clamping activations are exact`(shape: Shape, activation: Activation) throws {
    var network = try RandomWeighted(shape, seed: 1, .integers)
    try network.append(.activation(activation))
    let input = network.input().map { 3 * $0 }
    try expectReference(network.graph, for: input, .exact)
  }

  @Test(arguments: [Activation.sigmoid, .elu(alpha: 1), .elu(alpha: 0.3)])
  func `Activations with an exponential are near, from one end of the range to the other`(activation: Activation) throws
  {
    var network = try RandomWeighted(.vector(1203), seed: 1, .floats)
    try network.append(.activation(activation))
    let input = (0...1200).map { Float($0 - 600) / 6 } + [-Float.greatestFiniteMagnitude, .leastNonzeroMagnitude]
    try expectReference(network.graph, for: input, .rounded)
  }

  @Test(arguments: RandomShapes.channels)
  func `A softmax is over the channels of each position`(channels: Int) throws {
    for shape: Shape in [.vector(channels), .map(height: 2, width: 3, channels: channels)] {
      var network = try RandomWeighted(shape, seed: 2, .floats)
      try network.append(.softmax)
      let input = network.input()
      for factor: Float in [1, 30, 1e30] {
        try expectReference(network.graph, for: input.map { factor * $0 }, .rounded)
      }
    }
  }

  @Test(
    arguments: shapes, [BatchNormalization(), BatchNormalization(hasGamma: false), BatchNormalization(hasBeta: false)])
  func `A batch normalization stays within its bound`(shape: Shape, normalization: BatchNormalization) throws {
    var network = try RandomWeighted(shape, seed: 3, .floats)
    try network.append(.batchNormalization(normalization))
    let input = network.input()
    try expectReference(network.graph, for: input, .rounded)
  }

  @Test(arguments: shapes)
  func `Sums of two and three are exact, whichever value lives on`(shape: Shape) throws {
    let cases: [(sum: [Int], again: [Int])] = [
      ([1, 2], []), ([2, 1], []), ([1, 2, 0], []), ([0, 1, 2], []), ([2, 2], [1]), ([1, 1, 1], [2]), ([0, 0], [1, 2]),
      ([1, 2], [1]), ([1, 2], [2]), ([1, 2], [0]), ([2, 1, 0], [1, 2, 0]),
    ]
    for (inputs, again) in cases {
      for isReversed in [false, true] {
        var network = try RandomWeighted(shape, seed: 4, .integers)
        let normalization = Operation.batchNormalization(BatchNormalization(epsilon: 0))
        try network.append(normalization, [0])
        try network.append(normalization, [0])
        let sum = try network.append(.add, inputs)
        if !again.isEmpty { try network.append(.add, isReversed ? again + [sum] : [sum] + again) }
        let input = network.input()
        try expectReference(network.graph, for: input, .exact)
      }
    }
  }

  @Test(arguments: [[1, 1], [3, 13, 16], [32, 1], [15, 33, 2, 5], [64, 64]])
  func `Channels are joined in order`(counts: [Int]) throws {
    for isMap in [true, false] {
      let shape: Shape = isMap ? .map(height: 3, width: 4, channels: 5) : .vector(5)
      var network = try RandomWeighted(shape, seed: 5, .integers)
      var parts: [Int] = []
      for count in counts {
        let convolution = Convolution(window: Window(size: Extent(1)), outputChannels: count)
        parts.append(
          try network.append(isMap ? .convolution(convolution) : .dense(Dense(outputs: count)), [0]))
      }
      try network.append(.concatenate, parts + [0])
      let input = network.input()
      try expectReference(network.graph, for: input, .exact)
    }
  }

  @Test(arguments: RandomShapes.channels)
  func `A map is flattened by rows`(channels: Int) throws {
    var network = try RandomWeighted(.map(height: 2, width: 3, channels: channels), seed: 6, .integers)
    try network.append(.flatten)
    try network.append(.dense(Dense(outputs: 3)))
    let input = network.input()
    try expectReference(network.graph, for: input, .exact)
  }

  @Test(arguments: shapes)
  func `A network of nothing but its input returns it`(shape: Shape) throws {
    var network = try RandomWeighted(shape, seed: 7, .floats)
    let input = network.input()
    try expectReference(network.graph, for: input, .exact)
  }

  /// An identity has the memory of what it reads, so that what is written over the one is written over the other.
  @Test func `A value behind an identity is not written over while it is read`() throws {
    for isSum in [false, true] {
      var network = try RandomWeighted(.map(height: 2, width: 2, channels: 3), seed: 8, .integers)
      let convolution = Operation.convolution(Convolution(window: Window(size: Extent(1)), outputChannels: 3))
      let first = try network.append(convolution)
      let same = try network.append(.activation(.identity))
      let written =
        try isSum
        ? network.append(.add, [same, network.append(convolution, [0])]) : network.append(.activation(.relu), [same])
      try network.append(.add, [first, written])
      let input = network.input()
      try expectReference(network.graph, for: input, .exact)
    }
  }
}
