import ModelGraph
import Runtime
import TestSupport
import Testing

/// A convolution's multiply-adds, small enough for the scalar reference in a debug build.
let mostMultiplyAdds = 60_000

@Suite struct ConvolutionTests {
  /// A regular, grouped or depthwise convolution, or one with a channel multiplier, with or without all that may be fused.
  private static func graph(seed: Int, exact: Bool) throws -> (Graph, [Float]) {
    var shapes = RandomShapes(seed: seed)
    while true {
      let groups: Int
      let inputs: Int
      let outputs: Int
      switch seed % 4 {
      case 0: (groups, inputs, outputs) = (1, shapes.channelCount(), shapes.channelCount())
      case 1:
        groups = shapes.pick([2, 3, 4, 5])
        inputs = groups * shapes.pick([1, 2, 3, 7, 8, 9, 16])
        outputs = groups * shapes.pick([1, 2, 3, 5, 8, 16, 17])
      case 2:
        groups = shapes.channelCount()
        (inputs, outputs) = (groups, groups)
      default:
        groups = shapes.channelCount()
        (inputs, outputs) = (groups, groups * shapes.pick([2, 3]))
      }
      let shape = shapes.map(channels: inputs)
      let window = shapes.window(on: shape)
      let residual = shapes.chance(3)
      let convolution = Convolution(
        window: window, outputChannels: outputs, groups: groups, hasBias: shapes.chance(2),
        inputActivation: shapes.activation(exact: exact),
        epilogue: Epilogue(addsResidual: residual, activation: shapes.activation(exact: exact)))
      var network = try RandomWeighted(shape, seed: UInt64(seed), exact ? .integers : .floats)
      if residual {
        // A residual of the same shape as the output, some other values.
        let plain = Convolution(window: window, outputChannels: outputs, groups: groups)
        let other = try network.append(.convolution(plain))
        try network.append(.convolution(convolution), [0, other])
      } else {
        try network.append(.convolution(convolution))
      }
      let graph = network.graph
      guard graph.nodes.reduce(0, { $0 + graph.multiplyAdds(of: $1) }) <= mostMultiplyAdds else { continue }
      return (graph, network.input())
    }
  }

  @Test(arguments: 0..<240)
  func `Whole numbers give the reference's values bit for bit`(seed: Int) throws {
    let (graph, input) = try Self.graph(seed: seed, exact: true)
    try expectReference(graph, for: input, .exact)
  }

  @Test(arguments: 1000..<1120)
  func `Floats stay within the bound of their sums`(seed: Int) throws {
    let (graph, input) = try Self.graph(seed: seed, exact: false)
    try expectReference(graph, for: input, .rounded)
  }
}
