import ModelGraph
import TestSupport
import Testing

/// Input, convolution, normalization, sum, dense: valid until a test changes it.
private func sample() throws -> Graph {
  var builder = GraphBuilder()
  try builder.append("image", .input(.map(height: 4, width: 4, channels: 2)))
  let weights = { (node: String) in { (role: ParameterRole, size: [Int]) in DimensionsOnly.tensor(node, role, size) } }
  try builder.append(
    "conv", .convolution(Convolution(window: Window(size: Extent(3)), outputChannels: 2)), [0], weights: weights("conv")
  )
  try builder.append("bn", .batchNormalization(BatchNormalization()), [1], weights: weights("bn"))
  try builder.append("sum", .add, [2, 0])
  try builder.append("flat", .flatten, [3])
  try builder.append("dense", .dense(Dense(outputs: 3)), [4], weights: weights("dense"))
  return builder.graph
}

/// What `validate` says of the sample after a change.
private func fault(_ change: (inout Graph) throws -> Void) throws -> String? {
  var graph = try sample()
  try change(&graph)
  do throws(GraphError) {
    try graph.validate()
    return nil
  } catch {
    return "\(error)"
  }
}

@Suite("Graph validation")
struct GraphValidationTests {
  @Test func `The sample is valid`() throws { #expect(try fault { _ in } == nil) }

  @Test func `The input is the first node and the only one`() throws {
    #expect(try fault { $0.nodes = [] } == "graph: has 0 nodes, expected 1 to 65536")
    #expect(
      try fault { $0.nodes.removeFirst() } == "node \"conv\": the first node must be the input, found convolution")
    #expect(
      try fault {
        $0.nodes[4].operation = .input(.vector(32))
        $0.nodes[4].inputs = []
      } == "node \"flat\": a second input")
    #expect(try fault { $0.nodes[0].inputs = [0] } == "node \"image\": reads node 0, expected none")
  }

  @Test(arguments: [2, 5, 6, -1, Int.min, Int.max]) func `Nodes read only what comes before them`(input: Int) throws {
    #expect(
      try fault { $0.nodes[2].inputs = [input] } == "node \"bn\": reads node \(input), expected one before it (0 to 1)")
  }

  @Test func `Names are there and differ`() throws {
    #expect(try fault { $0.nodes[2].name = "conv" } == "graph: two nodes are named \"conv\"")
    #expect(try fault { $0.nodes[2].name = "" } == "graph: a node without a name")
    #expect(try fault { $0.tensors[1].name = "conv/kernel" } == "graph: two tensors are named \"conv/kernel\"")
    #expect(try fault { $0.tensors[1].name = "" } == "graph: a tensor without a name")
  }

  @Test func `Weights are all there, of the right dimensions, and used`() throws {
    #expect(
      try fault { $0.nodes[2].parameters.removeLast() }
        == "node \"bn\": has 3 weights, expected 4 (gamma, beta, mean, variance)")
    #expect(try fault { $0.nodes[3].parameters = [0] } == "node \"sum\": has 1 weights, expected 0 ()")
    for index in [7, -1, Int.max, Int.min] {
      #expect(
        try fault { $0.nodes[1].parameters = [index] } == "node \"conv\": its kernel is tensor \(index), of 7 tensors")
    }
    #expect(
      try fault { $0.tensors[0].dimensions = [3, 3, 2, 4] }
        == "node \"conv\": its kernel \"conv/kernel\" has the dimensions [3, 3, 2, 4], expected [3, 3, 2, 2]")
    #expect(
      try fault { $0.tensors[0].scale = [1, 2, 3] }
        == "node \"conv\": its kernel \"conv/kernel\" has 3 scales, expected 2")
    #expect(
      try fault { $0.tensors.append(DimensionsOnly.tensor("spare", .kernel, [1])) }
        == "graph: tensor \"spare/kernel\" belongs to no node")
  }

  @Test func `Declared shapes are the inferred ones`() throws {
    #expect(
      try fault { $0.nodes[1].shape = .map(height: 4, width: 4, channels: 3) }
        == "node \"conv\": declares the shape 4x4x3, inferred 4x4x2")
    #expect(
      try fault { $0.nodes[0].shape = .vector(32) } == "node \"image\": declares the shape 32, inferred 4x4x2")
    #expect(
      try fault { $0.nodes[0].shape = .map(height: .max, width: .max, channels: .max) }
        == "node \"image\": declares the shape \(Int.max)x\(Int.max)x\(Int.max), inferred 4x4x2")
  }

  @Test func `Every value but the last is read`() throws {
    #expect(
      try fault { $0.nodes[3].inputs = [0, 0] } == "node \"bn\": its value is never read, and it is not the last node")
  }
}

@Suite("Hostile graphs give errors, never traps")
struct HostileGraphTests {
  static let numbers = [Int.min, Int.min + 1, -1, 0, 1 << 31, 1 << 32, 1 << 62, Int.max]

  @Test(arguments: numbers) func `Inputs of any dimensions`(size: Int) throws {
    for shape in [
      .map(height: size, width: 4, channels: 2), .map(height: 4, width: size, channels: size), .vector(size),
      .map(height: size, width: size, channels: size),
    ] as [Shape] {
      let message = try fault {
        $0.nodes[0].operation = .input(shape)
        $0.nodes[0].shape = shape
      }
      #expect(message == "node \"image\": its value of \(shape) is empty or exceeds 1073741824 values")
    }
  }

  @Test(arguments: numbers) func `Attributes of any value`(number: Int) throws {
    let valid = Window(size: Extent(3))
    let border = Padding.explicit(top: number, left: number, bottom: number, right: number)
    for window in [
      Window(size: Extent(number)), Window(size: Extent(3), stride: Extent(number)),
      Window(size: Extent(3), dilation: Extent(number)),
      Window(size: Extent(number), stride: Extent(number), dilation: Extent(number), padding: border),
    ] {
      for operation in [
        .convolution(Convolution(window: window, outputChannels: 2)),
        .separableConvolution(SeparableConvolution(window: window, outputChannels: 2)), .maxPool(window),
        .averagePool(AveragePool(window: window)),
      ] as [Operation] {
        let message = try #require(try fault { $0.nodes[1].operation = operation })
        #expect(message.hasPrefix("node \"conv\": a window of"))
      }
    }
    for operation in [
      .convolution(Convolution(window: valid, outputChannels: number)),
      .convolution(Convolution(window: valid, outputChannels: 2, groups: number)),
      .convolution(Convolution(window: valid, outputChannels: number, groups: number)),
      .separableConvolution(SeparableConvolution(window: valid, outputChannels: number)),
    ] as [Operation] {
      let message = try #require(try fault { $0.nodes[1].operation = operation })
      #expect(message.hasPrefix("node \"conv\": "))
    }
    let message = try #require(try fault { $0.nodes[5].operation = .dense(Dense(outputs: number)) })
    #expect(message == "node \"dense\": \(number) outputs, expected 1 to 1073741824")
  }

  @Test func `Products that pass the limit`() throws {
    let outputs = try fault {
      $0.nodes[1].operation = .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: 1 << 30))
    }
    #expect(outputs == "node \"conv\": its value of 4x4x1073741824 is empty or exceeds 1073741824 values")
    let kernel = try fault {
      $0.nodes[1].operation = .convolution(Convolution(window: Window(size: Extent(4096)), outputChannels: 1 << 26))
    }
    #expect(kernel == "node \"conv\": its kernel of 4096x4096x2x67108864 is empty or exceeds 1073741824 values")
    let dense = try fault { $0.nodes[5].operation = .dense(Dense(outputs: 1 << 30)) }
    #expect(dense == "node \"dense\": its kernel of 32x1073741824 is empty or exceeds 1073741824 values")
    let large = Shape.map(height: 1 << 10, width: 1 << 10, channels: 1 << 10)
    let joined = try fault {
      $0 = Graph(nodes: [
        Node(name: "image", operation: .input(large), inputs: [], shape: large),
        Node(name: "joined", operation: .concatenate, inputs: [0, 0], shape: large),
      ])
    }
    #expect(joined == "node \"joined\": its value of 1024x1024x2048 is empty or exceeds 1073741824 values")
  }

  @Test func `Questions about single nodes of a graph that is not valid`() throws {
    var graph = try sample()
    for index in [-1, 6, Int.max] {
      graph.nodes[2].inputs = [index]
      #expect(throws: GraphError(node: "bn", reason: "reads node \(index), of 6 nodes")) {
        try graph.requiredParameters(of: graph.nodes[2])
      }
    }
    graph.nodes[3].shape = .map(height: .max, width: 2, channels: 2)
    #expect(
      throws: GraphError(
        node: "flat", reason: "its input of \(Int.max)x2x2 is empty or exceeds 1073741824 values")
    ) {
      try graph.inferredShape(of: graph.nodes[4])
    }
    var builder = GraphBuilder()
    #expect(throws: GraphError(node: "sum", reason: "reads nodes [0, 1], of 0 nodes so far")) {
      try builder.append("sum", .add, [0, 1])
    }
  }

  @Test func `An absurd amount of work is counted without overflow`() throws {
    var builder = GraphBuilder()
    try builder.append("image", .input(.map(height: 1 << 14, width: 1 << 14, channels: 4)))
    let wide = Convolution(window: Window(size: Extent(4096)), outputChannels: 4, groups: 4)
    for index in 0..<40 {
      try builder.append("conv\(index)", .convolution(wide), [index]) { DimensionsOnly.tensor("\(index)", $0, $1) }
    }
    try builder.graph.validate()
    #expect(builder.graph.multiplyAdds == 40 << 54)
    for index in 40..<1000 {
      try builder.append("conv\(index)", .convolution(wide), [index]) { DimensionsOnly.tensor("\(index)", $0, $1) }
    }
    #expect(builder.graph.multiplyAdds == .max)
  }

  /// Each change puts absurd numbers into one node of a valid graph; what matters is that all come back.
  @Test(arguments: 0..<20 as Range<UInt64>) func `Random graphs with random damage`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let whole = try RandomGraph(seed: seed).graph
    var refused = 0
    for _ in 0..<100 {
      var graph = whole
      let index = Int.random(in: graph.nodes.indices, using: &random)
      damage(&graph.nodes[index], &random)
      do {
        try graph.validate()
      } catch {
        refused += 1
        #expect(!error.description.isEmpty)
      }
      _ = try? graph.requiredParameters(of: graph.nodes[index])
    }
    #expect(refused > 50)
  }

  private func damage(_ node: inout Node, _ random: inout SplitMix64) {
    func number() -> Int { (Self.numbers + [1, 2, 3, 5, 4096]).randomElement(using: &random)! }
    func extent() -> Extent { Extent(height: number(), width: number()) }
    let padding = Padding.explicit(top: number(), left: number(), bottom: number(), right: number())
    let window = Window(
      size: extent(), stride: extent(), dilation: extent(),
      padding: [.same, .valid, padding].randomElement(using: &random)!)
    switch Int.random(in: 0..<10, using: &random) {
    case 0: node.inputs = [number()]
    case 1: node.inputs = []
    case 2: node.parameters = [number(), number()]
    case 3: node.shape = .map(height: number(), width: number(), channels: number())
    case 4: node.operation = .convolution(Convolution(window: window, outputChannels: number(), groups: number()))
    case 5: node.operation = .separableConvolution(SeparableConvolution(window: window, outputChannels: number()))
    case 6: node.operation = .maxPool(window)
    case 7: node.operation = .averagePool(AveragePool(window: window))
    case 8: node.operation = .dense(Dense(outputs: number()))
    default: node.operation = .input(.map(height: number(), width: number(), channels: number()))
    }
  }
}
