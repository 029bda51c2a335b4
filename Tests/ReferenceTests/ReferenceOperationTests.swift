import Foundation
import ModelGraph
import Reference
import TestSupport
import Testing

/// What one operation makes of an input: a map of one channel unless said otherwise, given by rows.
private func run(
  _ operation: ModelGraph.Operation, _ input: [Float], _ shape: Shape? = nil, weights: [[Float]] = [],
  inputs: [Int] = [0]
) throws -> [Float] {
  let side = Int(Double(input.count).squareRoot())
  var builder = GraphBuilder()
  try builder.append("input", .input(shape ?? .map(height: side, width: side, channels: 1)))
  var remaining = weights[...]
  try builder.append("node", operation, inputs) { role, dimensions in
    Tensor(name: role.rawValue, dimensions: dimensions, values: remaining.removeFirst())
  }
  return try ReferenceExecutor(builder.graph).run(input)
}

private let threeByThree: [Float] = [
  1, 2, 3,
  4, 5, 6,
  7, 8, 9,
]

@Suite("The reference executor on hand-computed cases: products")
struct ReferenceProductTests {
  @Test func `A VALID convolution`() throws {
    let convolution = Convolution(window: Window(size: Extent(2), padding: .valid), outputChannels: 1)
    // 1*1 + 2*2 + 3*4 + 4*5 = 37, and so on: the kernel is not flipped.
    #expect(try run(.convolution(convolution), threeByThree, weights: [[1, 2, 3, 4]]) == [37, 47, 67, 77])
  }

  @Test func `A SAME convolution pads after, and with zeros`() throws {
    let convolution = Convolution(window: Window(size: Extent(2)), outputChannels: 1, hasBias: true)
    #expect(
      try run(.convolution(convolution), threeByThree, weights: [[1, 2, 3, 4], [100]])
        == [137, 147, 121, 167, 177, 133, 123, 126, 109])
  }

  @Test func `Stride 2 with SAME padding on an even and an odd side`() throws {
    let ones = Convolution(window: Window(size: Extent(3), stride: Extent(2)), outputChannels: 1)
    let kernel = [Float](repeating: 1, count: 9)
    // Odd: one before, one after. Even: none before, one after.
    #expect(try run(.convolution(ones), threeByThree, weights: [kernel]) == [12, 16, 24, 28])
    let four = (1...16).map(Float.init)  // 1 + 2 + 3 + 5 + 6 + 7 + 9 + 10 + 11 = 54, and so on
    #expect(try run(.convolution(ones), four, weights: [kernel]) == [54, 45, 72, 54])
  }

  @Test func `Dilation spreads the window`() throws {
    let dilated = Convolution(
      window: Window(size: Extent(2), dilation: Extent(2), padding: .valid), outputChannels: 1)
    #expect(try run(.convolution(dilated), threeByThree, weights: [[1, 10, 100, 1000]]) == [9731])
  }

  @Test func `Explicit padding on each side`() throws {
    let padded = Convolution(
      window: Window(size: Extent(3), padding: .explicit(top: 1, left: 0, bottom: 0, right: 0)), outputChannels: 1)
    #expect(
      try run(.convolution(padded), threeByThree, weights: [[1, 1, 1, 1, 1, 1, 1, 1, 1]]) == [21, 45])
  }

  @Test func `Channels are summed by row, column, input and output channel`() throws {
    let pointwise = Convolution(window: Window(size: Extent(1)), outputChannels: 3)
    let shape = Shape.map(height: 1, width: 2, channels: 2)
    // Kernel rows are input channels: [1 2 3], [10 20 30].
    #expect(
      try run(.convolution(pointwise), [1, 2, 3, 4], shape, weights: [[1, 2, 3, 10, 20, 30]])
        == [21, 42, 63, 43, 86, 129])
  }

  @Test func `Groups see their own channels only`() throws {
    let grouped = Convolution(window: Window(size: Extent(1)), outputChannels: 4, groups: 2)
    // Kernel of 1 x 1 x 2 x 4: outputs 0 and 1 read inputs 0 and 1, outputs 2 and 3 read inputs 2 and 3.
    #expect(
      try run(
        .convolution(grouped), [1, 2, 3, 4], .map(height: 1, width: 1, channels: 4),
        weights: [[1, 2, 3, 4, 10, 20, 30, 40]]) == [21, 42, 129, 172])
  }

  @Test func `A depthwise convolution, with one and with two outputs for each channel`() throws {
    let shape = Shape.map(height: 1, width: 2, channels: 2)
    let window = Window(size: Extent(height: 1, width: 2), padding: .valid)
    let depthwise = Convolution(window: window, outputChannels: 2, groups: 2)
    // Taps of channel 0: 1, 3; of channel 1: 2, 4.
    #expect(
      try run(.convolution(depthwise), [1, 10, 2, 20], shape, weights: [[1, 2, 3, 4]]) == [7, 100])
    let doubled = Convolution(window: window, outputChannels: 4, groups: 2)
    // 1*1 + 5*2, 2*1 + 6*2, 3*10 + 7*20, 4*10 + 8*20
    #expect(
      try run(.convolution(doubled), [1, 10, 2, 20], shape, weights: [[1, 2, 3, 4, 5, 6, 7, 8]]) == [11, 14, 170, 200])
  }

  @Test func `Activations on reading leave padding zero`() throws {
    let window = Window(size: Extent(height: 1, width: 3))
    let shape = Shape.map(height: 1, width: 2, channels: 1)
    let sigmoid = Convolution(window: window, outputChannels: 1, inputActivation: .sigmoid)
    #expect(try run(.convolution(sigmoid), [0, 0], shape, weights: [[1, 1, 1]]) == [1, 1])
    let relu = Convolution(window: window, outputChannels: 1, inputActivation: .relu)
    #expect(try run(.convolution(relu), [-5, 3], shape, weights: [[1, 10, 100]]) == [300, 30])
  }

  @Test func `An epilogue adds bias and residual, then activates`() throws {
    let epilogue = Epilogue(addsResidual: true, activation: .relu6)
    let convolution = Convolution(window: Window(size: Extent(1)), outputChannels: 1, hasBias: true, epilogue: epilogue)
    // 2 x - 3 + x, between 0 and 6
    #expect(
      try run(.convolution(convolution), [0, 1, 2, 9], weights: [[2], [-3]], inputs: [0, 0]) == [0, 0, 3, 6])
  }

  @Test func `A separable convolution with every part`() throws {
    let separable = SeparableConvolution(
      window: Window(size: Extent(height: 1, width: 2), padding: .valid), outputChannels: 2, hasDepthwiseBias: true,
      hasBias: true, inputActivation: .relu, middleActivation: .relu, epilogue: Epilogue(activation: .relu))
    let shape = Shape.map(height: 1, width: 2, channels: 2)
    // Input after ReLU: (1, 0), (2, 3). Depthwise: 1*1 + 2*3 - 10 = -3 -> 0, 0*2 + 3*4 + 1 = 13.
    // Pointwise: 13*5 - 60 = 5, 13*6 - 90 < 0.
    #expect(
      try run(
        .separableConvolution(separable), [1, -7, 2, 3], shape,
        weights: [[1, 2, 3, 4], [-10, 1], [100, 100, 5, 6], [-60, -90]]) == [5, 0])
  }

  @Test func `A fused residual of a separable convolution`() throws {
    let separable = SeparableConvolution(
      window: Window(size: Extent(1)), outputChannels: 1, epilogue: Epilogue(addsResidual: true))
    #expect(
      try run(.separableConvolution(separable), [1, 2, 3, 4], weights: [[2], [5]], inputs: [0, 0]) == [11, 22, 33, 44])
  }

  @Test func `A dense layer`() throws {
    let dense = Dense(outputs: 2, hasBias: true, activation: .relu)
    #expect(
      try run(.dense(dense), [1, 2, 3], .vector(3), weights: [[1, -1, 10, -10, 100, -100], [0.5, 0.5]]) == [321.5, 0])
    #expect(
      try run(.dense(Dense(outputs: 1, hasBias: false)), [1, 2, 3], .vector(3), weights: [[1, 10, 100]]) == [321])
  }

  @Test func `Sums are rounded once`() throws {
    let convolution = Convolution(window: Window(size: Extent(1)), outputChannels: 1)
    let shape = Shape.map(height: 1, width: 1, channels: 3)
    #expect(try run(.convolution(convolution), [0x1p24, 1, -0x1p24], shape, weights: [[1, 1, 1]]) == [1])
  }
}

@Suite("The reference executor on hand-computed cases: pools and functions")
struct ReferencePoolAndFunctionTests {
  @Test func `Max pooling ignores padding, even where all values are negative`() throws {
    let window = Window(size: Extent(3), stride: Extent(2))
    #expect(try run(.maxPool(window), threeByThree) == [5, 6, 8, 9])
    #expect(try run(.maxPool(window), threeByThree.map(-)) == [-1, -2, -4, -5])
    let valid = Window(size: Extent(2), padding: .valid)
    #expect(try run(.maxPool(valid), threeByThree) == [5, 6, 8, 9])
    let explicit = Window(size: Extent(2), stride: Extent(2), padding: .explicit(top: 1, left: 1, bottom: 0, right: 0))
    #expect(try run(.maxPool(explicit), threeByThree.map(-)) == [-1, -2, -4, -5])
  }

  @Test func `Average pooling with padding left out of the mean, or counted as zeros`() throws {
    let window = Window(size: Extent(3), stride: Extent(2))
    #expect(try run(.averagePool(AveragePool(window: window)), threeByThree) == [3, 4, 6, 7])
    #expect(
      try run(.averagePool(AveragePool(window: window, countsPadding: true)), threeByThree.map { $0 * 9 })
        == [12, 16, 24, 28])
  }

  @Test func `Pools keep channels apart`() throws {
    let shape = Shape.map(height: 1, width: 3, channels: 2)
    let input: [Float] = [1, -1, 5, -5, 3, -3]
    let window = Window(size: Extent(height: 1, width: 3), padding: .valid)
    #expect(try run(.maxPool(window), input, shape) == [5, -1])
    #expect(try run(.averagePool(AveragePool(window: window)), input, shape) == [3, -3])
    #expect(try run(.globalPool(GlobalPool(.average)), input, shape) == [3, -3])
  }

  @Test func `Batch normalization, with and without gamma and beta`() throws {
    let shape = Shape.map(height: 1, width: 2, channels: 2)
    let input: [Float] = [1, 10, 3, 30]
    // sqrt(3.75 + 0.25) = 2, sqrt(0 + 0.25) = 0.5
    let (gamma, beta, mean, variance): ([Float], [Float], [Float], [Float]) = (
      [2, 3], [100, 200], [1, 20], [3.75, 0]
    )
    let all = BatchNormalization(epsilon: 0.25)
    #expect(
      try run(.batchNormalization(all), input, shape, weights: [gamma, beta, mean, variance]) == [100, 140, 102, 260])
    let plain = BatchNormalization(epsilon: 0.25, hasGamma: false, hasBeta: false)
    #expect(try run(.batchNormalization(plain), input, shape, weights: [mean, variance]) == [0, -20, 1, 20])
    let scaled = BatchNormalization(epsilon: 0.25, hasGamma: true, hasBeta: false)
    #expect(try run(.batchNormalization(scaled), input, shape, weights: [gamma, mean, variance]) == [0, -60, 2, 60])
    let shifted = BatchNormalization(epsilon: 0.25, hasGamma: false, hasBeta: true)
    #expect(
      try run(.batchNormalization(shifted), input, shape, weights: [beta, mean, variance]) == [100, 180, 101, 220])
  }

  @Test func `Softmax neither overflows nor mixes positions`() throws {
    #expect(try run(.softmax, [1000, 1000], .vector(2)) == [0.5, 0.5])
    #expect(try run(.softmax, [-1000, -1000, 3e38], .vector(3)) == [0, 0, 1])
    let thirds = try run(.softmax, [0, Float(log(2.0)), 5, 5], .map(height: 1, width: 2, channels: 2))
    #expect(zip(thirds, [1 / 3, 2 / 3, 0.5, 0.5]).allSatisfy { abs($0 - $1) < 1e-7 })
  }

  @Test func `Sums, joins and flattening`() throws {
    #expect(try run(.add, [1, 2, 3, 4], inputs: [0, 0, 0]) == [3, 6, 9, 12])
    let shape = Shape.map(height: 1, width: 2, channels: 2)
    #expect(try run(.concatenate, [1, 2, 3, 4], shape, inputs: [0, 0]) == [1, 2, 1, 2, 3, 4, 3, 4])
    #expect(try run(.concatenate, [1, 2], .vector(2), inputs: [0, 0]) == [1, 2, 1, 2])
    #expect(try run(.flatten, [1, 2, 3, 4], shape) == [1, 2, 3, 4])
  }
}

@Suite("The reference executor's inputs, outputs and weights")
struct ReferenceExecutorTests {
  private func executor(of kernel: Tensor) throws -> ReferenceExecutor {
    var builder = GraphBuilder()
    try builder.append("input", .input(.map(height: 1, width: 1, channels: 2)))
    let pointwise = Convolution(window: Window(size: Extent(1)), outputChannels: 2)
    try builder.append("conv", .convolution(pointwise), [0]) { _, _ in kernel }
    try builder.append("sum", .add, [1, 0])
    return try ReferenceExecutor(builder.graph)
  }

  private let kernel = Tensor(name: "kernel", dimensions: [1, 1, 2, 2], values: [1, 2, 3, 4])

  @Test func `Chosen nodes' values come in the order asked for`() throws {
    let executor = try executor(of: kernel)
    #expect(try executor.run([1, 10]) == [32, 52])
    #expect(try executor.values(for: [1, 10], of: [2, 0, 1, 0]) == [[32, 52], [1, 10], [31, 42], [1, 10]])
    #expect(try executor.values(for: [1, 10], of: [1]) == [[31, 42]])
    #expect(try executor.values(for: [1, 10], of: []) == [])
  }

  @Test func `Inputs of the wrong size, or not finite, and unknown nodes are refused`() throws {
    let executor = try executor(of: kernel)
    #expect(
      throws: ReferenceExecutorError.inputCount(found: 3, expected: .map(height: 1, width: 1, channels: 2))
    ) { try executor.run([1, 2, 3]) }
    #expect(throws: ReferenceExecutorError.inputNotFinite(.infinity, index: 1)) { try executor.run([1, .infinity]) }
    #expect(throws: ReferenceExecutorError.self) { try executor.run([.nan, 1]) }
    for node in [-1, 3] {
      #expect(throws: ReferenceExecutorError.noSuchNode(node, count: 3)) {
        try executor.values(for: [1, 2], of: [node])
      }
    }
  }

  @Test func `The graph is validated first`() {
    #expect(throws: GraphError(node: nil, reason: "has 0 nodes, expected 1 to 65536")) {
      try ReferenceExecutor(Graph())
    }
  }

  @Test func `Weights of every type are scaled by output channel`() throws {
    var scaled = kernel
    scaled.scale = [2, 10]
    #expect(try executor(of: scaled).run([1, 10]) == [63, 430])
  }

  @Test func `A graph of an input alone gives it back`() throws {
    var builder = GraphBuilder()
    try builder.append("input", .input(.vector(3)))
    #expect(try ReferenceExecutor(builder.graph).run([1, 2, 3]) == [1, 2, 3])
  }
}
