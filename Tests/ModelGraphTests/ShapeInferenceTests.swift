import ModelGraph
import TestSupport
import Testing

/// A graph with one operation on an input, or on several copies of it.
func shape(
  _ operation: Operation, of input: Shape = .map(height: 6, width: 8, channels: 4), inputs: Int = 1
) throws -> Shape {
  var builder = GraphBuilder()
  let image = try builder.append("image", .input(input))
  let node = try builder.append("node", operation, Array(repeating: image, count: inputs)) {
    DimensionsOnly.tensor("node", $0, $1)
  }
  try builder.graph.validate()
  return builder.shape(of: node)
}

/// Why the node "node" is refused.
func reason(
  _ operation: Operation, of input: Shape = .map(height: 6, width: 8, channels: 4), inputs: Int = 1
) -> String? {
  do {
    _ = try shape(operation, of: input, inputs: inputs)
    return nil
  } catch let error as GraphError {
    return error.node == "node" ? error.reason : "\(error) does not name the node"
  } catch {
    return "\(error)"
  }
}

@Suite("Shape inference")
struct ShapeInferenceTests {
  let window = Window(size: Extent(3))

  @Test func `A convolution has its window's extent and its own channels`() throws {
    let strided = Window(size: Extent(height: 3, width: 1), stride: Extent(2))
    #expect(
      try shape(.convolution(Convolution(window: strided, outputChannels: 10)))
        == .map(height: 3, width: 4, channels: 10))
  }

  @Test(arguments: [
    (1, 8, [3, 3, 4, 8]), (2, 8, [3, 3, 2, 8]), (4, 4, [3, 3, 1, 4]), (4, 12, [3, 3, 1, 12]),
  ])
  func `A convolution's kernel depends on its groups`(groups: Int, outputs: Int, kernel: [Int]) throws {
    var builder = GraphBuilder()
    try builder.append("image", .input(.map(height: 6, width: 8, channels: 4)))
    var asked: [String: [Int]] = [:]
    let convolution = Convolution(window: window, outputChannels: outputs, groups: groups, hasBias: true)
    try builder.append("node", .convolution(convolution), [0]) { role, dimensions in
      asked[role.rawValue] = dimensions
      return DimensionsOnly.tensor("node", role, dimensions)
    }
    #expect(asked == ["kernel": kernel, "bias": [outputs]])
  }

  @Test func `A separable convolution has up to four weights, in order`() throws {
    var builder = GraphBuilder()
    try builder.append("image", .input(.map(height: 6, width: 8, channels: 4)))
    var asked: [String] = []
    let separable = SeparableConvolution(window: window, outputChannels: 7, hasDepthwiseBias: true, hasBias: true)
    try builder.append("node", .separableConvolution(separable), [0]) { role, dimensions in
      asked.append("\(role) \(dimensions)")
      return DimensionsOnly.tensor("node", role, dimensions)
    }
    #expect(
      asked == [
        "depthwise kernel [3, 3, 1, 4]", "depthwise bias [4]", "pointwise kernel [1, 1, 4, 7]", "bias [7]",
      ])
    #expect(builder.shape(of: 1) == .map(height: 6, width: 8, channels: 7))
  }

  @Test func `Elementwise operations keep the shape`() throws {
    let map = Shape.map(height: 6, width: 8, channels: 4)
    for operation in [
      .batchNormalization(BatchNormalization()), .activation(.elu(alpha: 1)), .softmax,
    ] as [Operation] {
      #expect(try shape(operation) == map)
      #expect(try shape(operation, of: .vector(9)) == .vector(9))
    }
    #expect(try shape(.add, inputs: 3) == map)
  }

  @Test func `Pools, flattening and concatenation`() throws {
    let half = Window(size: Extent(3), stride: Extent(2))
    #expect(try shape(.maxPool(half)) == .map(height: 3, width: 4, channels: 4))
    #expect(try shape(.averagePool(AveragePool(window: half))) == .map(height: 3, width: 4, channels: 4))
    #expect(try shape(.globalPool(GlobalPool(.average))) == .vector(4))
    #expect(try shape(.flatten) == .vector(192))
    #expect(try shape(.concatenate, inputs: 3) == .map(height: 6, width: 8, channels: 12))
    #expect(try shape(.concatenate, of: .vector(5), inputs: 2) == .vector(10))
    #expect(try shape(.dense(Dense(outputs: 3)), of: .vector(5)) == .vector(3))
  }

  @Test func `What cannot be applied is refused with the node's name`() {
    let four = Shape.vector(4)
    let convolution = { (outputs: Int, groups: Int) in
      Operation.convolution(Convolution(window: Window(size: Extent(3)), outputChannels: outputs, groups: groups))
    }
    #expect(reason(convolution(8, 3)) == "3 groups do not divide 4 input and 8 output channels")
    #expect(reason(convolution(6, 4)) == "4 groups do not divide 4 input and 6 output channels")
    #expect(reason(convolution(8, 0)) == "0 groups do not divide 4 input and 8 output channels")
    #expect(reason(convolution(0, 1)) == "0 output channels, expected 1 to 1073741824")
    #expect(reason(convolution(8, 1), of: four) == "needs a feature map, found a vector of 4")
    #expect(reason(.globalPool(GlobalPool(.average)), of: four) == "needs a feature map, found a vector of 4")
    #expect(reason(.dense(Dense(outputs: 3))) == "dense needs a vector, found the map 6x8x4")
    #expect(reason(.dense(Dense(outputs: -3)), of: four) == "-3 outputs, expected 1 to 1073741824")
    #expect(reason(.add) == "add has 1 inputs, expected 2 to 65536")
    #expect(reason(.concatenate, inputs: 0) == "concatenate has 0 inputs, expected 1 to 65536")
    #expect(reason(.flatten, inputs: 2) == "flatten has 2 inputs, expected 1")
    #expect(reason(.softmax, inputs: 0) == "softmax has 0 inputs, expected 1")
    #expect(reason(.activation(.elu(alpha: .nan))) == "its elu's alpha is not a number")
    #expect(
      reason(.batchNormalization(BatchNormalization(epsilon: -1))) == "epsilon is -1.0, expected 0 or a positive number"
    )
    let large = Window(size: Extent(9), padding: .valid)
    #expect(
      reason(.maxPool(large)) == "a window of 9x9, stride 1x1, dilation 1x1 does not fit an input of 6x8")
  }

  @Test func `A pool never sees padding alone`() {
    let padded = Window(size: Extent(2), padding: .explicit(top: 2, left: 0, bottom: 0, right: 0))
    #expect(reason(.maxPool(padded)) == "padding leaves a pooling window of 2x2 without any input")
    // Taps 9 apart around an input of 8: neither lies on it.
    let dilated = Window(size: Extent(2), dilation: Extent(9))
    #expect(
      reason(.averagePool(AveragePool(window: dilated)))
        == "dilation 9x9 leaves a pooling window without any input of 6x8")
    #expect(reason(.convolution(Convolution(window: dilated, outputChannels: 1))) == nil)
  }

  @Test func `A fused residual has the shape of the result`() throws {
    let fused = Convolution(window: window, outputChannels: 4, epilogue: Epilogue(addsResidual: true))
    #expect(try shape(.convolution(fused), inputs: 2) == .map(height: 6, width: 8, channels: 4))
    #expect(reason(.convolution(fused)) == "convolution has 1 inputs, expected 2")
    var wider = fused
    wider.outputChannels = 5
    #expect(reason(.convolution(wider), inputs: 2) == "adds a residual of 6x8x4 to 6x8x5")
    let separable = SeparableConvolution(window: window, outputChannels: 5, epilogue: fused.epilogue)
    #expect(reason(.separableConvolution(separable), inputs: 2) == "adds a residual of 6x8x4 to 6x8x5")
  }

  @Test func `Unequal shapes are neither added nor concatenated`() throws {
    var builder = GraphBuilder()
    try builder.append("image", .input(.map(height: 6, width: 8, channels: 4)))
    try builder.append("half", .maxPool(Window(size: Extent(2), stride: Extent(2))), [0])
    #expect(throws: GraphError(node: "sum", reason: "adds unequal shapes 6x8x4, 3x4x4")) {
      try builder.append("sum", .add, [0, 1])
    }
    #expect(
      throws: GraphError(
        node: "joined", reason: "concatenates shapes 6x8x4, 3x4x4, which differ in more than channels")
    ) {
      try builder.append("joined", .concatenate, [0, 1])
    }
  }
}
