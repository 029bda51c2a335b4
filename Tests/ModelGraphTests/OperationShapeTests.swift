import ModelGraph
import TestSupport
import Testing

/// The rules of the operations beyond those of Xception, on a map of 6x8x4 where nothing else is said.
@Suite("Shapes of single operations")
struct OperationShapeTests {
  private static let map = Shape.map(height: 6, width: 8, channels: 4)

  /// The parameters that a node "node" asks for, by role.
  private func parameters(_ operation: Operation, inputs: [Int] = [0]) throws -> [String] {
    var builder = GraphBuilder()
    try builder.append("image", .input(Self.map))
    var asked: [String] = []
    try builder.append("node", operation, inputs) { role, dimensions in
      asked.append("\(role) \(dimensions)")
      return DimensionsOnly.tensor("node", role, dimensions)
    }
    return asked
  }

  /// The shape of a binary operation, or nil where it is refused.
  private func combined(_ first: Shape, _ second: Shape) throws -> Shape? {
    var builder = GraphBuilder()
    try builder.append("first", .input(first))
    try builder.append("second", .constant(second)) { DimensionsOnly.tensor("second", $0, $1) }
    do {
      let node = try builder.append("node", .binary(.product), [0, 1])
      return builder.shape(of: node)
    } catch let error as GraphError
      where error.reason == "product of \(first) and \(second), which cannot be repeated to one shape"
    {
      return nil
    }
  }

  @Test(arguments: OperationSample.all) func `Every operation has its shape, and a reason to refuse what it cannot be`(
    sample: OperationSample
  ) throws {
    let graph = try sample.graph { DimensionsOnly.tensor("node", $0, $1) }
    #expect(graph.outputShape == sample.output)
    for (form, reason) in sample.refused {
      #expect(throws: GraphError(node: "node", reason: reason)) {
        try sample.graph(of: form) { DimensionsOnly.tensor("node", $0, $1) }
      }
    }
  }

  @Test func `A constant has its own shape, its values and no input`() throws {
    #expect(try parameters(.constant(.map(height: 1, width: 2, channels: 3)), inputs: []) == ["values [1, 2, 3]"])
    #expect(try parameters(.constant(.vector(5)), inputs: []) == ["values [5]"])
    #expect(reason(.constant(Self.map)) == "constant has 1 inputs, expected 0")
    var builder = GraphBuilder()
    #expect(throws: GraphError(node: "node", reason: "its value of 2147483648 is empty or exceeds 1073741824 values")) {
      try builder.append("node", .constant(.vector(1 << 31))) { DimensionsOnly.tensor("node", $0, $1) }
    }
    // Only an input comes first.
    try builder.append("node", .constant(.vector(1))) { DimensionsOnly.tensor("node", $0, $1) }
    #expect(throws: GraphError(node: "node", reason: "the first node must be the input, found constant")) {
      try builder.graph.validate()
    }
  }

  @Test func `Two values have one shape, or one is repeated along what it has 1 of`() throws {
    let map = Self.map
    #expect(try combined(map, map) == map)
    #expect(try combined(.vector(3), .vector(3)) == .vector(3))
    #expect(try combined(.vector(1), .vector(3)) == .vector(3))
    #expect(try combined(.vector(3), .vector(1)) == .vector(3))
    for other: Shape in [
      .vector(4), .vector(1), .map(height: 1, width: 1, channels: 4), .map(height: 6, width: 8, channels: 1),
      .map(height: 6, width: 1, channels: 1), .map(height: 1, width: 8, channels: 4),
    ] {
      #expect(try combined(map, other) == map)
      #expect(try combined(other, map) == map)
    }
    let column = Shape.map(height: 6, width: 1, channels: 1)
    #expect(try combined(column, .map(height: 1, width: 8, channels: 4)) == map)
    #expect(try combined(column, .vector(4)) == .map(height: 6, width: 1, channels: 4))
    for other: Shape in [.vector(3), .vector(8), .map(height: 3, width: 8, channels: 4), .vector(6)] {
      #expect(try combined(map, other) == nil)
      #expect(try combined(other, map) == nil)
    }
    #expect(try combined(.vector(3), .vector(4)) == nil)
    #expect(reason(.binary(.sum)) == "sum has 1 inputs, expected 2")
    #expect(reason(.binary(.maximum), inputs: 3) == "maximum has 3 inputs, expected 2")
    // Each fits, the two together do not.
    #expect(
      throws: GraphError(node: "node", reason: "its value of 1048576x1048576x1 is empty or exceeds 1073741824 values")
    ) {
      try combined(.map(height: 1 << 20, width: 1, channels: 1), .map(height: 1, width: 1 << 20, channels: 1))
    }
  }

  @Test(arguments: [GlobalPool.Kind.average, .maximum]) func `A global pool gives a vector, or a map of one position`(
    kind: GlobalPool.Kind
  ) throws {
    #expect(try shape(.globalPool(GlobalPool(kind))) == .vector(4))
    #expect(try shape(.globalPool(GlobalPool(kind, keepsDimensions: true))) == .map(height: 1, width: 1, channels: 4))
    #expect(reason(.globalPool(GlobalPool(kind)), of: .vector(4)) == "needs a feature map, found a vector of 4")
  }

  @Test func `Reshaping keeps the number of values`() throws {
    let tall = Shape.map(height: 192, width: 1, channels: 1)
    #expect(try shape(.reshape(tall)) == tall)
    #expect(try shape(.reshape(.vector(192))) == .vector(192))
    #expect(try shape(.reshape(Self.map), of: .vector(192)) == Self.map)
    #expect(reason(.reshape(.vector(191))) == "reshapes 6x8x4, 192 values, to 191")
    #expect(reason(.reshape(.vector(0)), of: .vector(1)) == "reshapes 1, 1 values, to 0")
    let huge = Shape.map(height: .max, width: .max, channels: 2)
    #expect(reason(.reshape(huge))?.hasPrefix("reshapes 6x8x4, 192 values, to ") == true)
  }

  @Test func `Normalizations and a parametric ReLU keep the shape and have weights for each channel`() throws {
    for operation: Operation in [
      .layerNormalization(LayerNormalization(hasGamma: false, hasBeta: false)), .unitNormalization,
      .layerNormalization(LayerNormalization()), .parametricRelu,
    ] {
      #expect(try shape(operation) == Self.map)
      #expect(try shape(operation, of: .vector(9)) == .vector(9))
    }
    #expect(try parameters(.layerNormalization(LayerNormalization())) == ["gamma [4]", "beta [4]"])
    #expect(try parameters(.layerNormalization(LayerNormalization(hasGamma: false))) == ["beta [4]"])
    #expect(try parameters(.unitNormalization) == [])
    #expect(try parameters(.parametricRelu) == ["slope [4]"])
    for epsilon in [-1, .nan, .infinity] as [Float] {
      #expect(
        reason(.layerNormalization(LayerNormalization(epsilon: epsilon)))
          == "epsilon is \(epsilon), expected 0 or a positive number")
    }
  }

  @Test func `A pad widens a map by its border`() throws {
    #expect(try shape(.pad(Pad(top: 1, left: 2, bottom: 3, right: 0))) == .map(height: 10, width: 10, channels: 4))
    #expect(reason(.pad(Pad(top: -1, left: 0, bottom: 0, right: 0))) == "pads by -1, 0, 0, 0, expected 0 to 4096 each")
    #expect(
      reason(.pad(Pad(top: 0, left: 0, bottom: 0, right: 4097))) == "pads by 0, 0, 0, 4097, expected 0 to 4096 each")
    #expect(
      reason(.pad(Pad(top: 0, left: 0, bottom: 0, right: 0, value: .nan))) == "pads with nan, expected a finite number")
    #expect(
      reason(.pad(Pad(top: 0, left: 0, bottom: 0, right: 0)), of: .vector(3))
        == "needs a feature map, found a vector of 3")
  }

  @Test func `A slice lies within its input`() throws {
    func slice(_ rows: (Int, Int), _ columns: (Int, Int), _ channels: (Int, Int)) -> Operation {
      .slice(
        Slice(
          rows: .init(first: rows.0, count: rows.1), columns: .init(first: columns.0, count: columns.1),
          channels: .init(first: channels.0, count: channels.1)))
    }
    #expect(try shape(slice((1, 5), (0, 8), (3, 1))) == .map(height: 5, width: 8, channels: 1))
    #expect(try shape(slice((0, 1), (0, 1), (2, 5)), of: .vector(7)) == .vector(5))
    #expect(reason(slice((1, 6), (0, 8), (0, 4))) == "keeps 6 rows from 1 on, of 6")
    #expect(reason(slice((0, 6), (8, 1), (0, 4))) == "keeps 1 columns from 8 on, of 8")
    #expect(reason(slice((0, 6), (0, 8), (-1, 2))) == "keeps 2 channels from -1 on, of 4")
    #expect(reason(slice((0, 0), (0, 8), (0, 4))) == "keeps 0 rows from 0 on, of 6")
    #expect(reason(slice((0, .max), (0, 8), (0, 4))) == "keeps \(Int.max) rows from 0 on, of 6")
    #expect(reason(slice((.max, .max), (0, 8), (0, 4)))?.hasPrefix("keeps ") == true)
    #expect(reason(slice((0, 2), (0, 1), (0, 1)), of: .vector(7)) == "keeps 2 rows from 0 on, of 1")
  }

  @Test func `Channels are shuffled in groups that divide them`() throws {
    #expect(try shape(.shuffleChannels(groups: 2)) == Self.map)
    #expect(try shape(.shuffleChannels(groups: 3), of: .vector(9)) == .vector(9))
    for groups in [3, 0, -2, 8] {
      #expect(reason(.shuffleChannels(groups: groups)) == "\(groups) groups do not divide 4 channels")
    }
  }

  @Test(arguments: Resize.Filter.allCases) func `A resize has its factor or its size`(filter: Resize.Filter) throws {
    let factor = Extent(height: 2, width: 3)
    #expect(try shape(.resize(Resize(.factor(factor), filter: filter))) == .map(height: 12, width: 24, channels: 4))
    #expect(try shape(.resize(Resize(.size(factor), filter: filter))) == .map(height: 2, width: 3, channels: 4))
    for sides in [Extent(height: 0, width: 1), Extent(height: 1, width: -1), Extent(.max)] {
      for target: Resize.Target in [.factor(sides), .size(sides)] {
        #expect(
          reason(.resize(Resize(target, filter: filter))) == "resizes to \(sides), expected 1 to 1073741824 a side")
      }
    }
    #expect(
      reason(.resize(Resize(.factor(Extent(1 << 30)), filter: filter)))?.contains("exceeds 1073741824 values") == true)
    #expect(
      reason(.resize(Resize(.size(factor), filter: filter)), of: .vector(3))
        == "needs a feature map, found a vector of 3")
  }

  @Test func `A transposed convolution covers its strides, less its border`() throws {
    let none = TransposedConvolution.Border(top: 0, left: 0, bottom: 0, right: 0)
    var convolution = TransposedConvolution(
      size: Extent(3), stride: Extent(2), padding: none, outputChannels: 5, hasBias: true)
    #expect(try shape(.transposedConvolution(convolution)) == .map(height: 13, width: 17, channels: 5))
    #expect(try parameters(.transposedConvolution(convolution)) == ["kernel [3, 3, 4, 5]", "bias [5]"])
    convolution.padding = .init(top: 1, left: 0, bottom: 0, right: 2)
    convolution.extra = Extent(height: 1, width: 0)
    convolution.dilation = Extent(height: 1, width: 2)
    #expect(try shape(.transposedConvolution(convolution)) == .map(height: 13, width: 17, channels: 5))
    convolution.padding.top = 40
    #expect(reason(.transposedConvolution(convolution)) == "its padding leaves nothing of the output")
    convolution.padding = none
    convolution.outputChannels = 0
    #expect(reason(.transposedConvolution(convolution)) == "0 output channels, expected 1 to 1073741824")
    convolution.outputChannels = 5
    #expect(reason(.transposedConvolution(convolution), of: .vector(3)) == "needs a feature map, found a vector of 3")
    for change: (inout TransposedConvolution) -> Void in [
      { $0.size.height = 0 }, { $0.stride.width = 0 }, { $0.dilation.height = 4097 }, { $0.padding.left = -1 },
      { $0.extra.width = 4097 }, { $0.padding.bottom = .max }, { $0.size.width = .min },
    ] {
      var wrong = convolution
      change(&wrong)
      #expect(reason(.transposedConvolution(wrong))?.hasSuffix("is out of range") == true)
    }
  }

  @Test func `Activations have finite parameters, but limits may be infinite on their own side`() throws {
    for activation in Activation.examples {
      #expect(try shape(.activation(activation)) == Self.map)
      for index in activation.parameters.indices {
        var values = activation.parameters.map(\.value)
        values[index] = .nan
        let name = activation.parameters[index].name
        #expect(
          reason(.activation(activation.replacingParameters(values)))
            == "its \(activation.name)'s \(name) is not a number")
        guard activation.name != "clip" else { continue }
        values[index] = .infinity
        #expect(
          reason(.activation(activation.replacingParameters(values)))
            == "its \(activation.name)'s \(name) is inf, expected a finite number")
      }
    }
    for (minimum, maximum) in [(-.infinity, 1), (0, .infinity), (-.infinity, .infinity), (2, 2)] as [(Float, Float)] {
      #expect(reason(.activation(.clip(minimum: minimum, maximum: maximum))) == nil)
    }
    for (minimum, maximum) in [(1, 0), (.infinity, .infinity), (-.infinity, -.infinity)] as [(Float, Float)] {
      #expect(
        reason(.activation(.clip(minimum: minimum, maximum: maximum))) == "clips to \(minimum) ... \(maximum)")
    }
  }

  @Test func `A logarithm, infinite at the zeros that pad channels, is an operation of its own`() {
    let window = Window(size: Extent(1))
    let fused: [Operation] = [
      .convolution(Convolution(window: window, outputChannels: 3, inputActivation: .logarithm)),
      .convolution(Convolution(window: window, outputChannels: 3, epilogue: Epilogue(activation: .logarithm))),
      .separableConvolution(SeparableConvolution(window: window, outputChannels: 3, inputActivation: .logarithm)),
      .separableConvolution(SeparableConvolution(window: window, outputChannels: 3, middleActivation: .logarithm)),
      .separableConvolution(
        SeparableConvolution(window: window, outputChannels: 3, epilogue: Epilogue(activation: .logarithm))),
    ]
    let message = "a logarithm, which is infinite at 0, must be an operation of its own"
    for operation in fused { #expect(reason(operation) == message) }
    #expect(reason(.dense(Dense(outputs: 2, activation: .logarithm)), of: .vector(4)) == message)
    #expect(reason(.activation(.logarithm)) == nil)
  }
}
