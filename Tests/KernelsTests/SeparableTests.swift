import ModelGraph
import Runtime
import TestSupport
import Testing

@Suite struct SeparableTests {
  /// A separable convolution with or without each of its biases, activations and residual.
  private static func graph(seed: Int, exact: Bool) throws -> (Graph, [Float]) {
    var shapes = RandomShapes(seed: seed)
    while true {
      let shape = shapes.map(channels: shapes.channelCount())
      let window = shapes.chance(2) ? Window(size: Extent(3)) : shapes.window(on: shape)
      let outputs = shapes.channelCount()
      let residual = shapes.chance(2)
      let separable = SeparableConvolution(
        window: window, outputChannels: outputs, hasDepthwiseBias: shapes.chance(2), hasBias: shapes.chance(2),
        inputActivation: shapes.activation(exact: exact), middleActivation: shapes.activation(exact: exact),
        epilogue: Epilogue(addsResidual: residual, activation: shapes.activation(exact: exact)))
      var network = try RandomWeighted(shape, seed: UInt64(seed), exact ? .integers : .floats)
      if residual {
        let other = try network.append(
          .separableConvolution(SeparableConvolution(window: window, outputChannels: outputs)))
        try network.append(.separableConvolution(separable), [0, other])
      } else {
        try network.append(.separableConvolution(separable))
      }
      let graph = network.graph
      guard graph.nodes.reduce(0, { $0 + graph.multiplyAdds(of: $1) }) <= mostMultiplyAdds else { continue }
      return (graph, network.input())
    }
  }

  @Test(arguments: 0..<150)
  func `Whole numbers give the reference's values bit for bit`(seed: Int) throws {
    let (graph, input) = try Self.graph(seed: seed, exact: true)
    try expectReference(graph, for: input, .exact)
  }

  @Test(arguments: 2000..<2080)
  func `Floats stay within the bound of their sums`(seed: Int) throws {
    let (graph, input) = try Self.graph(seed: seed, exact: false)
    try expectReference(graph, for: input, .rounded)
  }

  /// The dense 3 x 3 depthwise kernel takes up to seven pixels at once.
  @Test(arguments: 1...16)
  func `Rows of each length are split into runs of pixels`(width: Int) throws {
    for activation: Activation in [.identity, .relu] {
      var network = try RandomWeighted(.map(height: 3, width: width, channels: 17), seed: UInt64(width), .integers)
      try network.append(
        .separableConvolution(
          SeparableConvolution(window: Window(size: Extent(3)), outputChannels: 9, inputActivation: activation)))
      let input = network.input()
      try expectReference(network.graph, for: input, .exact)
    }
  }

  /// As in Xception's middle flow, where the sum is written over the residual.
  @Test(arguments: [false, true])
  func `A residual that is read nowhere else is written over`(isReadAgain: Bool) throws {
    var network = try RandomWeighted(.map(height: 5, width: 6, channels: 19), seed: 3, .integers)
    let start = try network.append(
      .convolution(
        Convolution(window: Window(size: Extent(1)), outputChannels: 19, epilogue: Epilogue(activation: .relu6))))
    let inner = try network.append(
      .separableConvolution(
        SeparableConvolution(
          window: Window(size: Extent(3)), outputChannels: 19, inputActivation: .relu,
          epilogue: Epilogue(activation: .relu6))))
    let outer = try network.append(
      .separableConvolution(
        SeparableConvolution(
          window: Window(size: Extent(3)), outputChannels: 19, epilogue: Epilogue(addsResidual: true))), [inner, start])
    if isReadAgain { try network.append(.add, [outer, start]) }
    let input = network.input()
    try expectReference(network.graph, for: input, .exact)
  }
}
