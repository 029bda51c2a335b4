import Architectures
import ModelGraph
import Runtime
import TestSupport
import Testing

@testable import Optimizer

@Suite struct XceptionOptimizationTests {
  /// A graph whose kernels have no contents: a pass that read one would throw.
  private func graph(_ network: XceptionNetwork) throws -> Graph {
    var weights = RandomWeights(seed: 1)
    return try network.graph { node, role, dimensions in
      role == .kernel
        ? DimensionsOnly.tensor(node, role, dimensions) : weights.tensor(node, role, dimensions)
    }
  }

  /// How often each operation occurs, by its description without windows.
  private func census(_ graph: Graph) -> [String: Int] {
    graph.nodes.reduce(into: [:]) { counts, node in
      let words = graph.describeOperation(of: node).split(separator: " ")
      let named = words.filter { $0 != "same" && $0 != "valid" && $0.first?.isNumber == false }
      counts[named.joined(separator: " "), default: 0] += 1
    }
  }

  /// What all variants with residuals and the standard top have in common.
  private let common = [
    "input": 1, "convolution + bias -> relu": 2, "convolution + bias + residual": 4, "max pool": 4,
    "global average pool": 1, "dense + bias": 1, "softmax": 1,
  ]

  @Test func `Xception becomes 2 convolutions, 34 separable steps, 4 shortcuts and 4 pools, and no kernel is read`()
    throws
  {
    let original = try graph(XceptionNetwork())
    let optimized = try Optimizer.optimize(original)
    let separable = [
      "separable convolution + bias": 4, "separable convolution + bias -> relu": 11,
      "relu -> separable convolution + bias -> relu": 11, "separable convolution + bias + residual": 8,
    ]
    #expect(census(optimized) == common.merging(separable, uniquingKeysWith: +))
    #expect(optimized.nodes.count == 48)
    #expect(optimized.multiplyAdds == original.multiplyAdds)
    let normalizations = try XceptionNetwork().weightedLayers().filter { $0.kind == .batchNormalization }
    let channels = normalizations.reduce(0) { $0 + $1.weights[0].dimensions[0] }
    #expect(optimized.parameterCount == original.parameterCount - 3 * channels)
    let block = optimized.structure.filter { $0.hasPrefix("block13") }
    #expect(
      block == [
        "block13_sepconv1(block12_sepconv3) = relu -> separable convolution 3x3 same + bias -> relu",
        "block13_sepconv2(block13_sepconv1) = separable convolution 3x3 same + bias",
        "block13_pool(block13_sepconv2) = max pool 3x3/2 same",
        "block13_shortcut(block12_sepconv3 block13_pool) = convolution 1x1/2 same + bias + residual",
      ])
  }

  @Test(arguments: [Activation.relu, .elu(alpha: 1)])
  func `An activation between depthwise and pointwise is one inside the separable step`(middle: Activation) throws {
    var network = XceptionNetwork()
    network.middleActivation = middle
    let optimized = try Optimizer.optimize(try graph(network))
    let separable = [
      "separable convolution (-> \(middle)) + bias": 4, "separable convolution (-> \(middle)) + bias -> relu": 11,
      "relu -> separable convolution (-> \(middle)) + bias -> relu": 11,
      "separable convolution (-> \(middle)) + bias + residual": 8,
    ]
    #expect(census(optimized) == common.merging(separable, uniquingKeysWith: +))
  }

  @Test func `Without residuals every activation but those after pools goes back into the step before it`() throws {
    var network = XceptionNetwork()
    network.hasResiduals = false
    network.top = .none
    #expect(
      census(try Optimizer.optimize(try graph(network))) == [
        "input": 1, "convolution + bias -> relu": 2, "max pool": 4, "separable convolution + bias": 4,
        "separable convolution + bias -> relu": 27, "relu -> separable convolution + bias -> relu": 3,
      ])
  }

  /// The activation after a spatial convolution then stands between it and the next 1x1 convolution.
  @Test func `In the order of the extreme Inception module steps pair across layers`() throws {
    var network = XceptionNetwork()
    network.order = .pointwiseFirst
    let convolutions = [
      "convolution": 2, "relu -> convolution": 11, "separable convolution (+ bias -> relu)": 21,
      "depthwise convolution + bias": 4, "depthwise convolution + bias -> relu": 1,
      "depthwise convolution + bias + residual": 8,
    ]
    #expect(
      census(try Optimizer.optimize(try graph(network))) == common.merging(convolutions, uniquingKeysWith: +))
  }

  @Test(arguments: [1, 4])
  func `Fewer segments than channels stay two convolutions, the first without a bias`(segments: Int) throws {
    var network = XceptionNetwork()
    network.segments = segments
    network.top = .pooled
    let spatial = segments == 1 ? "convolution" : "convolution in groups"
    let expected = [
      spatial: 23, "relu -> \(spatial)": 11, "convolution + bias": 4, "convolution + bias + residual": 12,
      "convolution + bias -> relu": 24, "input": 1, "max pool": 4, "global average pool": 1,
    ]
    #expect(census(try Optimizer.optimize(try graph(network))) == expected)
  }

  @Test func `Fully connected layers take their activations`() throws {
    let counts = census(try Optimizer.optimize(try graph(XceptionNetwork.jft)))
    #expect(counts["dense + bias -> relu"] == 2)
    #expect(counts["dense + bias -> sigmoid"] == 1)
    #expect(counts["sigmoid"] == nil)
  }

  @Test(arguments: XceptionNetwork.Order.allCases, [nil, 1])
  func `A small Xception gives the same features and scores`(order: XceptionNetwork.Order, segments: Int?) throws {
    var network = XceptionNetwork()
    network.input = .map(height: 31, width: 35, channels: 3)
    network.widthDivisor = 16
    network.top = .classifier(.init(classes: 10, fullyConnected: [8], output: .logits))
    (network.order, network.segments) = (order, segments)
    var weights = RandomWeights(seed: 7)
    let original = try network.graph { weights.tensor($0, $1, $2) }
    let optimized = try Optimizer.optimize(original)
    try expectSameValues(original, optimized, for: weights.input(count: original.inputShape.elementCount))
  }
}
