import ModelGraph
import Runtime
import TestSupport
import Testing

/// One layer at a time, on whole numbers and every instruction set, over shapes that leave a rest of every kind.
@Suite("Single layers give the reference's values bit for bit")
struct LayerTests {
  /// Less than, as many as, and more than the vectors and the column panels of every instruction set.
  static let channels = [1, 3, 8, 17, 31, 33, 65]

  private func check(
    _ shape: Shape, _ operation: Operation, residual: Bool = false, _ note: String = "", threads: [Int] = [1, 3]
  ) throws {
    var weights = RandomWeights(seed: 1, values: .integers)
    var builder = GraphBuilder()
    let input = try builder.append("input", .input(shape))
    var inputs = [input]
    if residual {
      let size = Window(size: Extent(1))
      let channels = operation.outputChannels ?? shape.channels
      inputs.append(
        try builder.append(
          "residual", .convolution(Convolution(window: size, outputChannels: channels)), [input]
        ) { weights.tensor("residual", $0, $1) })
    }
    try builder.append("layer", operation, inputs) { weights.tensor("layer", $0, $1) }
    let values = weights.input(count: shape.elementCount)
    let expected = try ReferenceExecutor(builder.graph).run(values)
    for set in InstructionSet.supported {
      for threads in threads {
        let pool = WorkerPool(threads: threads)
        let executor = Executor(plan: try Plan(builder.graph, instructionSet: set, pool: pool), pool: pool)
        #expect(try executor.run(values) == expected, "\(set), \(threads) threads, \(shape) \(note)")
      }
    }
  }

  @Test(arguments: channels, channels) func `convolutions of all channel counts`(inputs: Int, outputs: Int) throws {
    let shape = Shape.map(height: 5, width: 6, channels: inputs)
    // A 3 x 3 window of stride 1 with many channels would be done by Winograd's transforms, which are not exact.
    for (size, stride) in [(1, 1), (1, 2), (3, 2), (2, 1)] {
      let window = Window(size: Extent(size), stride: Extent(stride))
      try check(shape, .convolution(Convolution(window: window, outputChannels: outputs, hasBias: true)))
    }
  }

  @Test(arguments: channels, [1, 8, 33]) func `separable convolutions of all channel counts`(
    inputs: Int, outputs: Int
  ) throws {
    let shape = Shape.map(height: 4, width: 7, channels: inputs)
    for activation in [Activation.identity, .relu] {
      try check(
        shape,
        .separableConvolution(
          SeparableConvolution(
            window: Window(size: Extent(3)), outputChannels: outputs, hasDepthwiseBias: true, hasBias: true,
            inputActivation: activation, middleActivation: activation == .relu ? .relu6 : .identity,
            epilogue: Epilogue(addsResidual: true, activation: .relu))), residual: true)
    }
  }

  @Test(arguments: 1...29) func `rows of 1 to two tiles and 1`(pixels: Int) throws {
    let shape = Shape.map(height: 1, width: pixels, channels: 5)
    try check(shape, .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: 40)))
    try check(
      shape,
      .separableConvolution(SeparableConvolution(window: Window(size: Extent(3)), outputChannels: 40)))
  }

  static let windows: [Window] = {
    var windows: [Window] = []
    for size in [Extent(1), Extent(3), Extent(height: 2, width: 5), Extent(height: 4, width: 1)] {
      for stride in [Extent(1), Extent(2), Extent(height: 3, width: 1)] {
        for dilation in [Extent(1), Extent(height: 1, width: 2), Extent(2)] {
          windows.append(Window(size: size, stride: stride, dilation: dilation))
        }
        windows.append(Window(size: size, stride: stride, padding: .valid))
        let padding = Padding.explicit(top: size.height - 1, left: 0, bottom: 0, right: size.width - 1)
        windows.append(Window(size: size, stride: stride, padding: padding))
      }
    }
    return windows
  }()

  @Test(arguments: windows) func `convolutions, depthwise and grouped ones with all windows`(window: Window) throws {
    let shape = Shape.map(height: 8, width: 9, channels: 6)
    for (groups, outputs) in [(1, 7), (6, 6), (6, 12), (2, 4), (3, 39)] {
      let convolution = Convolution(window: window, outputChannels: outputs, groups: groups, hasBias: true)
      try check(shape, .convolution(convolution), "\(window), \(groups) groups")
    }
    try check(
      shape, .separableConvolution(SeparableConvolution(window: window, outputChannels: 5)), "\(window)")
  }

  @Test(arguments: windows) func `pools with all windows`(window: Window) throws {
    for channels in [3, 33] {
      try check(.map(height: 8, width: 9, channels: channels), .maxPool(window), "\(window)")
    }
  }

  @Test(arguments: channels) func `the other operations with all channel counts`(channels: Int) throws {
    let shape = Shape.map(height: 2, width: 4, channels: channels)
    try check(shape, .activation(.relu6))
    try check(shape, .batchNormalization(BatchNormalization(epsilon: 0)))
    try check(shape, .flatten)
    try check(shape, .globalAveragePool)
    try check(shape, .concatenate)
    try check(.vector(channels), .dense(Dense(outputs: 41, activation: .relu)))
    try check(.vector(33), .dense(Dense(outputs: channels)))
    try check(shape, .add, residual: true)
  }

  @Test(arguments: [1, 17, 33]) func `averages and softmax are within rounding`(channels: Int) throws {
    var builder = GraphBuilder()
    let shape = Shape.map(height: 5, width: 6, channels: channels)
    var node = try builder.append("input", .input(shape))
    for (name, counts) in [("counted", true), ("not counted", false)] {
      let window = Window(size: Extent(3), stride: Extent(1))
      node = try builder.append(name, .averagePool(AveragePool(window: window, countsPadding: counts)), [node])
    }
    node = try builder.append("elu", .activation(.elu(alpha: 0.5)), [node])
    node = try builder.append("sigmoid", .activation(.sigmoid), [node])
    try builder.append("softmax", .softmax, [node])
    var weights = RandomWeights(seed: 2)
    let values = weights.input(count: shape.elementCount)
    let expected = try ReferenceExecutor(builder.graph).run(values)
    let pool = WorkerPool(threads: 2)
    for set in InstructionSet.supported {
      let executor = Executor(plan: try Plan(builder.graph, instructionSet: set, pool: pool), pool: pool)
      let found = try executor.run(values)
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 16 * .ulpOfOne }, "\(set)")
    }
  }
}

extension Operation {
  fileprivate var outputChannels: Int? {
    switch self {
    case .convolution(let convolution): convolution.outputChannels
    case .separableConvolution(let separable): separable.outputChannels
    default: nil
    }
  }
}
