import ModelGraph
import Runtime
import TestSupport
import Testing

/// Convolutions of 3 x 3 and 5 x 5 with stride 1 and at least 32 channels on both sides, which are computed in another domain.
@Suite struct WinogradTests {
  private static let shapes: [(height: Int, width: Int)] = [
    (1, 1), (2, 3), (3, 4), (4, 4), (5, 5), (6, 7), (8, 9), (4, 13), (3, 61),
  ]
  private static let channels: [(inputs: Int, outputs: Int)] = [(32, 32), (33, 32), (32, 65), (47, 33)]

  private static var always: PlanOptions {
    var options = PlanOptions()
    options.weighsWinograd = false
    return options
  }

  @Test(arguments: channels.indices, [3, 5])
  func `Whole numbers give the reference's, but for rounding`(index: Int, taps: Int) throws {
    let (inputs, outputs) = Self.channels[index]
    for (height, width) in [(1, 1), (3, 4), (5, 3), (4, 9), (1, 21)] {
      for padding: Padding in [.same, .valid, .explicit(top: 0, left: 2, bottom: 1, right: 0)] {
        let graph = try Self.graph(
          .map(height: height, width: width, channels: inputs), outputs, taps, padding, activation: .relu, .integers)
        guard let graph else { continue }
        try expectWinograd(graph, taps)
        var weights = RandomWeights(seed: 9, values: .integers)
        try expectReference(
          graph, for: weights.input(count: graph.inputShape.elementCount), .whole, options: Self.always)
      }
    }
  }

  /// The transforms enlarge rounding errors, of sums of a ninth of the terms: they come to 0.07 of the plain sums' bound.
  @Test(arguments: shapes.indices, [3, 5])
  func `Floats stay within a bound`(index: Int, taps: Int) throws {
    let (height, width) = Self.shapes[index]
    for padding: Padding in [.same, .valid] {
      for activation: Activation in [.identity, .relu6, .elu(alpha: 1)] {
        guard
          let graph = try Self.graph(
            .map(height: height, width: width, channels: 35), 34, taps, padding, activation: activation, .floats)
        else { continue }
        try expectWinograd(graph, taps)
        var weights = RandomWeights(seed: 10)
        let input = weights.input(count: graph.inputShape.elementCount)
        let used = try expectReference(graph, for: input, .rounded, options: Self.always)
        #expect(used < 0.14)
      }
    }
  }

  /// In blocks of a tile and of all windows, with a residual that is written over and one that is read again.
  @Test(arguments: [(1, 3), (700 << 10, 3), (1, 5), (700 << 10, 5)], [false, true])
  func `A residual is added before the activation`(way: (bytes: Int, taps: Int), isReadAgain: Bool) throws {
    for (height, width) in [(3, 2), (9, 10), (5, 62)] {
      var network = try RandomWeighted(.map(height: height, width: width, channels: 33), seed: 11, .floats)
      try network.append(.convolution(Convolution(window: Window(size: Extent(1)), outputChannels: 35)))
      try network.append(
        .convolution(
          Convolution(
            window: Window(size: Extent(way.taps), padding: .same), outputChannels: 35, hasBias: true,
            epilogue: Epilogue(addsResidual: true, activation: isReadAgain ? .elu(alpha: 1) : .relu6))), [0, 1])
      if isReadAgain { try network.append(.add, [1, 2]) }
      try expectWinograd(network.graph, way.taps)
      var options = Self.always
      options.winogradBytes = way.bytes
      let input = network.input()
      try expectReference(network.graph, for: input, .rounded, options: options)
    }
  }

  @Test func `A strided, dilated, narrow, grouped or rectifying convolution is gathered instead`() throws {
    let window = Window(size: Extent(3))
    let gathered = [
      Convolution(window: Window(size: Extent(3), stride: Extent(2)), outputChannels: 32),
      Convolution(window: Window(size: Extent(3), dilation: Extent(2)), outputChannels: 32),
      Convolution(window: Window(size: Extent(height: 3, width: 2)), outputChannels: 32),
      Convolution(window: Window(size: Extent(4)), outputChannels: 32),
      Convolution(window: Window(size: Extent(height: 3, width: 5), padding: .same), outputChannels: 32),
      Convolution(window: window, outputChannels: 31), Convolution(window: window, outputChannels: 32, groups: 2),
      Convolution(window: window, outputChannels: 32, inputActivation: .relu),
    ]
    for convolution in gathered {
      var network = try RandomWeighted(.map(height: 4, width: 4, channels: 32), seed: 1, .integers)
      try network.append(.convolution(convolution))
      let plan = try Plan(network.graph, options: Self.always, pool: testPool)
      #expect(plan.stageDescriptions.map(\.kernel).filter { $0.contains("Winograd") } == [], "\(convolution)")
      let input = network.input()
      try expectReference(network.graph, for: input, .exact)
    }
  }

  private static func graph(
    _ shape: Shape, _ outputs: Int, _ taps: Int, _ padding: Padding, activation: Activation,
    _ values: RandomWeights.Values
  ) throws -> Graph? {
    let window = Window(size: Extent(taps), padding: padding)
    guard case .map(let height, let width, _) = shape,
      window.placement(on: Extent(height: height, width: width)) != nil
    else { return nil }
    var network = try RandomWeighted(shape, seed: UInt64(outputs), values)
    try network.append(
      .convolution(
        Convolution(
          window: window, outputChannels: outputs, hasBias: true, epilogue: Epilogue(activation: activation))))
    return network.graph
  }

  private func expectWinograd(_ graph: Graph, _ taps: Int) throws {
    let plan = try Plan(graph, options: Self.always, pool: testPool)
    #expect(plan.stageDescriptions.contains { $0.kernel.contains("Winograd F(4x4,\(taps)x\(taps)), fp32") })
  }
}
