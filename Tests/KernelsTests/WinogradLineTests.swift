import ModelGraph
import Runtime
import TestSupport
import Testing
import Threads

/// Convolutions of 1 x 7 and 7 x 1 with stride 1 and at least 32 channels on both sides, which fp32 plans compute in another
/// domain.
@Suite struct WinogradLineTests {
  private static let shapes: [(height: Int, width: Int)] = [
    (1, 1), (2, 3), (7, 7), (8, 8), (9, 2), (2, 9), (17, 17), (3, 40),
  ]

  private static var always: PlanOptions {
    var options = PlanOptions()
    options.weighsWinograd = false
    return options
  }

  @Test(arguments: shapes.indices, [true, false])
  func `Floats stay within a bound`(index: Int, isRow: Bool) throws {
    let (height, width) = Self.shapes[index]
    for padding: Padding in [.same, .valid, .explicit(top: 2, left: 1, bottom: 6, right: 5)] {
      for (activation, channels) in [(Activation.identity, 32), (.relu6, 35), (.elu(alpha: 1), 33)] {
        let graph = try Self.graph(
          .map(height: height, width: width, channels: channels), outputs: 67 - channels, isRow, padding, activation)
        guard let graph else { continue }
        try expectLines(graph)
        var weights = RandomWeights(seed: 10)
        let input = weights.input(count: graph.inputShape.elementCount)
        let used = try expectReference(graph, for: input, .rounded, options: Self.always)
        #expect(used < 0.14)
      }
    }
  }

  /// In blocks of a tile and of all windows, with a residual that is written over and one that is read again.
  @Test(arguments: [1, 700 << 10], [false, true])
  func `A residual is added before the activation`(bytes: Int, isRow: Bool) throws {
    for isReadAgain in [false, true] {
      for (height, width) in [(3, 2), (9, 10), (5, 31)] {
        var network = try RandomWeighted(.map(height: height, width: width, channels: 33), seed: 11, .floats)
        try network.append(.convolution(Convolution(window: Window(size: Extent(1)), outputChannels: 35)))
        try network.append(
          .convolution(
            Convolution(
              window: Self.window(isRow, .same), outputChannels: 35, hasBias: true,
              epilogue: Epilogue(addsResidual: true, activation: isReadAgain ? .elu(alpha: 1) : .relu6))), [0, 1])
        if isReadAgain { try network.append(.add, [1, 2]) }
        try expectLines(network.graph)
        var options = Self.always
        options.winogradBytes = bytes
        let input = network.input()
        try expectReference(network.graph, for: input, .rounded, options: options)
      }
    }
  }

  @Test(arguments: InstructionSet.supported, [true, false])
  func `Any number of threads gives the same bits`(set: InstructionSet, isRow: Bool) throws {
    let shape = Shape.map(height: 17, width: 15, channels: 40)
    let graph = try #require(try Self.graph(shape, outputs: 70, isRow, .same, .relu))
    let pool = WorkerPool(threads: 7)
    let plan = try Plan(graph, instructionSet: set, options: Self.always, pool: pool)
    let executor = Executor(plan: plan, pool: pool)
    var weights = RandomWeights(seed: 12)
    let input = weights.input(count: graph.inputShape.elementCount)
    let expected = try executor.run(input, threads: 1)
    for threads in [2, 3, 7] {
      #expect(try executor.run(input, threads: threads).map(\.bitPattern) == expected.map(\.bitPattern))
    }
  }

  @Test func `Other windows, and plans that do not multiply floats, gather instead`() throws {
    let window = Self.window(true, .same)
    var convolutions = [
      Convolution(window: Window(size: Extent(height: 1, width: 7), stride: Extent(2)), outputChannels: 32),
      Convolution(window: Window(size: Extent(height: 1, width: 7), dilation: Extent(2)), outputChannels: 32),
      Convolution(window: Window(size: Extent(height: 1, width: 5)), outputChannels: 32),
      Convolution(window: Window(size: Extent(7)), outputChannels: 32),
      Convolution(window: window, outputChannels: 31), Convolution(window: window, outputChannels: 32, groups: 2),
      Convolution(window: window, outputChannels: 32, inputActivation: .relu),
    ]
    convolutions.append(Convolution(window: window, outputChannels: 32))
    for (index, convolution) in convolutions.enumerated() {
      var network = try RandomWeighted(.map(height: 14, width: 14, channels: 32), seed: 1, .integers)
      try network.append(.convolution(convolution))
      let precisions = index < convolutions.count - 1 ? [Precision.float32] : [.bfloat16, .int8]
      for precision in precisions {
        let plan = try Plan(network.graph, precision: precision, options: Self.always, pool: testPool)
        #expect(!plan.stageDescriptions.contains { $0.kernel.contains("Winograd") }, "\(convolution)")
      }
    }
  }

  private static func window(_ isRow: Bool, _ padding: Padding) -> Window {
    Window(size: isRow ? Extent(height: 1, width: 7) : Extent(height: 7, width: 1), padding: padding)
  }

  private static func graph(
    _ shape: Shape, outputs: Int, _ isRow: Bool, _ padding: Padding, _ activation: Activation
  ) throws -> Graph? {
    let window = window(isRow, padding)
    guard case .map(let height, let width, _) = shape,
      window.placement(on: Extent(height: height, width: width)) != nil
    else { return nil }
    var network = try RandomWeighted(shape, seed: UInt64(outputs), .floats)
    try network.append(
      .convolution(
        Convolution(
          window: window, outputChannels: outputs, hasBias: true, epilogue: Epilogue(activation: activation))))
    return network.graph
  }

  private func expectLines(_ graph: Graph) throws {
    let plan = try Plan(graph, options: Self.always, pool: testPool)
    #expect(plan.stageDescriptions.contains { $0.kernel.contains("Winograd F(2,7)") })
  }
}
