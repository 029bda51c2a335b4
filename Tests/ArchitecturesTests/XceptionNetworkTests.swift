import Architectures
import ModelGraph
import TestSupport
import Testing

private func graph(_ change: (inout XceptionNetwork) -> Void = { _ in }) throws -> Graph {
  var network = XceptionNetwork()
  change(&network)
  return try network.graph(weights: DimensionsOnly.tensor)
}

private func shape(of name: String, in graph: Graph) -> Shape? { graph.nodes.first { $0.name == name }?.shape }

@Suite("The Xception network")
struct XceptionNetworkTests {
  @Test func `The default has the parameters of the paper's table 3 and of Keras`() throws {
    let graph = try graph()
    #expect(graph.trainableParameterCount == 22_855_952)
    #expect(graph.parameterCount == 22_910_480)
    #expect(graph.outputShape == .vector(1000))
  }

  @Test func `The sides along the way are 149, 147, 74, 37, 19 and 10`() throws {
    let graph = try graph()
    let sides = [
      ("input", 299, 3), ("block1_conv1_act", 149, 32), ("block1_conv2_act", 147, 64), ("block2_add", 74, 128),
      ("block3_add", 37, 256), ("block4_add", 19, 728), ("block12_add", 19, 728), ("block13_add", 10, 1024),
      ("block14_sepconv2_act", 10, 2048),
    ]
    for (name, side, channels) in sides {
      #expect(shape(of: name, in: graph) == .map(height: side, width: side, channels: channels), "\(name)")
    }
    #expect(abs(Double(graph.multiplyAdds) / 1e9 - 8.36) < 0.005)
    #expect(graph.featureNode.map { graph.nodes[$0].name } == "avg_pool")
  }

  /// What a node reads, by name.
  @Test func `Shortcuts read the sum before the ReLU that starts the block`() throws {
    let graph = try graph()
    var inputs: [String: [String]] = [:]
    for node in graph.nodes { inputs[node.name] = node.inputs.map { graph.nodes[$0].name } }
    // Block 2 alone reads a value after its ReLU, on both paths, and starts without a ReLU of its own.
    #expect(inputs["block2_shortcut"] == ["block1_conv2_act"])
    #expect(inputs["block2_sepconv1/depthwise"] == ["block1_conv2_act"])
    for (block, before) in [("block3", "block2_add"), ("block4", "block3_add"), ("block13", "block12_add")] {
      #expect(inputs["\(block)_shortcut"] == [before])
      #expect(inputs["\(block)_sepconv1_act"] == [before])
      #expect(inputs["\(block)_sepconv1/depthwise"] == ["\(block)_sepconv1_act"])
      #expect(inputs["\(block)_pool"] == ["\(block)_sepconv2_bn"])
      #expect(inputs["\(block)_add"] == ["\(block)_pool", "\(block)_shortcut_bn"])
    }
    #expect(inputs["block5_add"] == ["block5_sepconv3_bn", "block4_add"])
    // No ReLU after an addition, one after each normalization of block 14.
    #expect(inputs["block14_sepconv1/depthwise"] == ["block13_add"])
    #expect(inputs["block14_sepconv1_act"] == ["block14_sepconv1_bn"])
    #expect(inputs["avg_pool"] == ["block14_sepconv2_act"])
  }

  @Test func `Windows, biases and epsilons are Keras's`() throws {
    let graph = try graph()
    var asymmetric: [String] = []
    for node in graph.nodes {
      let window: Window
      switch node.operation {
      case .convolution(let convolution):
        #expect(!convolution.hasBias)
        #expect((convolution.window.padding == .valid) == node.name.hasPrefix("block1_"))
        window = convolution.window
      case .maxPool(let pool):
        #expect(pool == Window(size: Extent(3), stride: Extent(2)))
        window = pool
      case .batchNormalization(let normalization):
        #expect(normalization == BatchNormalization(epsilon: 0.001))
        continue
      default: continue
      }
      guard case .map(let height, let width, _) = graph.nodes[node.inputs[0]].shape else { continue }
      let placement = try #require(window.placement(on: Extent(height: height, width: width)))
      if placement.top != placement.bottom { asymmetric.append(node.name) }
    }
    // At 299 pixels SAME pads unevenly in one place, from 74 to 37.
    #expect(asymmetric == ["block3_pool"])
  }

  @Test func `Weighted layers come in Keras's order, with its weights`() throws {
    let layers = try XceptionNetwork().weightedLayers()
    var expected = ["block1_conv1", "block1_conv1_bn", "block1_conv2", "block1_conv2_bn"]
    for block in 2...14 {
      for index in 1...((5...12).contains(block) ? 3 : 2) {
        expected += ["block\(block)_sepconv\(index)", "block\(block)_sepconv\(index)_bn"]
      }
      if [2, 3, 4, 13].contains(block) { expected += ["block\(block)_shortcut", "block\(block)_shortcut_bn"] }
    }
    #expect(layers.map(\.name) == expected + ["predictions"])
    #expect(layers.count { $0.kind == .batchNormalization } == 40)
    #expect(layers.count { $0.kind == .separableConvolution } == 34)
    #expect(layers.count { $0.kind == .convolution } == 6)
    #expect(layers.count { $0.isShortcut } == 8)
    #expect(
      layers[4].weights.map { "\($0.node) \($0.role) \($0.dimensions)" } == [
        "block2_sepconv1/depthwise kernel [3, 3, 1, 64]", "block2_sepconv1/pointwise kernel [1, 1, 64, 128]",
      ])
    #expect(layers[5].weights.map(\.role) == [.gamma, .beta, .mean, .variance])
    #expect(layers.last?.weights.map(\.role) == [.kernel, .bias])
  }

  @Test func `Weights are asked for in the order of the weighted layers`() throws {
    let network = XceptionNetwork()
    var asked: [String] = []
    _ = try network.graph { node, role, dimensions in
      asked.append("\(node) \(role) \(dimensions)")
      return DimensionsOnly.tensor(node, role, dimensions)
    }
    let weights = try network.weightedLayers().flatMap(\.weights)
    #expect(asked == weights.map { "\($0.node) \($0.role) \($0.dimensions)" })
  }
}

@Suite("Variants of Xception")
struct XceptionVariantTests {
  /// Keras's Xception without its top has 20,861,480.
  @Test func `Parameters of the tops`() throws {
    #expect(try graph { $0.top = .none }.parameterCount == 20_861_480)
    #expect(try graph { $0.top = .none }.outputShape == .map(height: 10, width: 10, channels: 2048))
    #expect(try graph { $0.top = .pooled }.parameterCount == 20_861_480)
    #expect(try graph { $0.top = .pooled }.outputShape == .vector(2048))
    let jft = try XceptionNetwork.jft.graph(weights: DimensionsOnly.tensor)
    #expect(jft.parameterCount == 20_861_480 + 2049 * 4096 + 4097 * 4096 + 4097 * 17_000)
    #expect(jft.outputShape == .vector(17_000))
    #expect(jft.nodes.last?.operation == .activation(.sigmoid))
    #expect(jft.featureNode.map { jft.nodes[$0].name } == "fc2_act")
    let logits = try graph { $0.top = .classifier(.init(classes: 6, fullyConnected: [100], output: .logits)) }
    #expect(logits.nodes.last?.name == "predictions")
    #expect(logits.parameterCount == 20_861_480 + 2049 * 100 + 101 * 6)
  }

  @Test func `Without residuals the shortcuts' weights are gone`() throws {
    let shortcuts = [(64, 128), (128, 256), (256, 728), (728, 1024)].reduce(0) { $0 + $1.0 * $1.1 + 4 * $1.1 }
    let plain = try graph { $0.hasResiduals = false }
    #expect(plain.parameterCount == 22_910_480 - shortcuts)
    #expect(!plain.nodes.contains { $0.operation == .add })
  }

  @Test(arguments: [Activation.relu, .elu(alpha: 1)]) func `An activation between the two steps of all 34`(
    activation: Activation
  ) throws {
    let graph = try graph { $0.middleActivation = activation }
    let middle = graph.nodes.filter { $0.name.hasSuffix("/activation") }
    #expect(middle.count == 34)
    #expect(middle.allSatisfy { $0.operation == .activation(activation) && $0.name.contains("sepconv") })
    #expect(middle.allSatisfy { graph.nodes[$0.inputs[0]].name.hasSuffix("/depthwise") })
    #expect(graph.parameterCount == 22_910_480)
  }

  @Test func `The extreme Inception order filters what the 1x1 convolution made`() throws {
    let graph = try graph { $0.order = .pointwiseFirst }
    for node in graph.nodes where node.name.hasSuffix("/depthwise") {
      #expect(graph.nodes[node.inputs[0]].name.hasSuffix("/pointwise"))
    }
    // 34 spatial kernels, of output instead of input channels.
    let inputs = 64 + 128 + 128 + 256 + 256 + 728 + 24 * 728 + 2 * 728 + 1024 + 1536
    let outputs = 2 * 128 + 2 * 256 + 2 * 728 + 24 * 728 + 728 + 1024 + 1536 + 2048
    #expect(graph.parameterCount == 22_910_480 + 9 * (outputs - inputs))
  }

  @Test(arguments: [1, 2, 4, 8]) func `From one segment, a regular convolution, to one for each channel`(
    segments: Int
  ) throws {
    let graph = try graph { $0.segments = segments }
    let widths = [64, 128, 128, 256, 256, 728] + Array(repeating: 728, count: 26) + [1024, 1536]
    #expect(
      graph.parameterCount == 22_910_480 + 9 * widths.reduce(0) { $0 + $1 * $1 / segments - $1 })
  }

  @Test func `Segments that do not divide a width are refused, naming the layer`() {
    #expect(
      throws: GraphError(
        node: "block2_sepconv1/depthwise", reason: "3 groups do not divide 64 input and 64 output channels")
    ) {
      try graph { $0.segments = 3 }
    }
    #expect(throws: GraphError.self) { try graph { $0.widthDivisor = 0 } }
    #expect(throws: GraphError.self) { try graph { $0.input = .map(height: 6, width: 6, channels: 3) } }
    #expect(throws: GraphError.self) { try graph { $0.top = .classifier(.init(classes: 0)) } }
  }

  @Test func `Other input sizes`() throws {
    let graph = try graph { $0.input = .map(height: 150, width: 71, channels: 3) }
    #expect(shape(of: "block14_sepconv2_act", in: graph) == .map(height: 5, width: 3, channels: 2048))
  }
}
