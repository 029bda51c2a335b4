import Foundation
import ModelGraph
import Reference
import Runtime
import TestSupport
import Testing

@testable import Optimizer

@Suite struct BiasCorrectionTests {
  /// Weights that no integers hold exactly.
  private func odd(_ count: Int) -> [Float] { (1...count).map { Float($0 * $0 % 101) / 101 - 0.4 } }

  /// A batch normalization whose gamma is 0 gives the same map for every image, so that what quantizing shifts on average is
  /// all that it changes: through ReLU, a pool, a depthwise convolution with a border, and a residual.
  private func constantNetwork(_ normalizations: Int = 1) throws -> Graph {
    var small = try SmallGraph(8, 8, channels: 2)
    let window = Window(size: Extent(3))
    try small.append("c", .convolution(Convolution(window: window, outputChannels: 8)))
    for index in 1...normalizations {
      let weights: [String: [Float]] = ["gamma": [Float](repeating: 0, count: 8), "beta": odd(8 * index).suffix(8)]
      try small.append("normalization \(index)", .normalization, weights)
    }
    try small.append("relu", .activation(.relu))
    try small.append("largest", .maxPool(Window(size: Extent(2), stride: Extent(2))))
    try small.append("s/depthwise", .depthwise(8))
    try small.append("s/pointwise", .pointwise(8), ["kernel": odd(64)])
    try small.append("sum", .add, reads: ["s/pointwise", "largest"])
    try small.append("mean", .globalPool(GlobalPool(.average)))
    try small.append("d", .dense(Dense(outputs: 5, hasBias: false)), ["kernel": odd(40)])
    return small.graph
  }

  private func largestError(of quantized: Graph, beside graph: Graph) throws -> Float {
    var weights = RandomWeights(seed: 1)
    let input = weights.input(count: graph.inputShape.elementCount)
    let expected = try ReferenceExecutor(graph).run(input)
    let output = try ReferenceExecutor(quantized).run(input)
    let largest = expected.map(\.magnitude).max() ?? 0
    return zip(output, expected).map { abs($0 - $1) }.max().map { $0 / largest } ?? .infinity
  }

  @Test(arguments: [1, 2]) func `What is the same for all images stays as it was`(normalizations: Int) throws {
    let graph = try constantNetwork(normalizations)
    let corrected = try Optimizer.quantize(graph, to: .int8).graph
    try corrected.validate()
    #expect(corrected.precision == .int8)
    #expect(try largestError(of: corrected, beside: graph) < 1e-5)
    let plain = try Quantizer.quantize(Optimizer.optimize(graph)).graph
    #expect(try largestError(of: plain, beside: graph) > 1e-4)
  }

  /// A separable convolution of the channels of a map that is the same for all images.
  private func separable(channels: Int) throws -> Graph {
    var small = try SmallGraph(8, 8, channels: 2)
    try small.append("c", .convolution(Convolution(window: Window(size: Extent(3)), outputChannels: channels)))
    let weights = ["gamma": [Float](repeating: 0, count: channels), "beta": odd(channels).map { $0 + 0.5 }]
    try small.append("normalization", .normalization, weights)
    try small.append("s/depthwise", .depthwise(channels), ["kernel": [Float](repeating: 0.125, count: 9 * channels)])
    try small.append("s/pointwise", .pointwise(8), ["kernel": odd(8 * channels)])
    try small.append("mean", .globalPool(GlobalPool(.average)))
    return small.graph
  }

  @Test func `Half of what bf16 shifts is subtracted, from files that are converted and as they are loaded`() throws {
    let graph = try separable(channels: 33)
    var weights = RandomWeights(seed: 1)
    let input = weights.input(count: graph.inputShape.elementCount)
    let exact = try ReferenceExecutor(graph).run(input)
    let loaded = try ReferenceExecutor(Optimizer.optimize(graph, for: .bfloat16)).run(input)
    let rounded = try ReferenceExecutor(Quantizer.quantize(Optimizer.optimize(graph), to: .bfloat16).graph).run(input)
    let converted = try Optimizer.quantize(graph, to: .bfloat16).graph
    let stored = try ReferenceExecutor(converted).run(input)
    for channel in 0..<8 {
      let shift = rounded[channel] - exact[channel]
      #expect(abs(shift) > 1e-5)
      #expect(abs(loaded[channel] - exact[channel] + shift / 2) < 2e-6, "\(channel)")
      #expect(abs(stored[channel] - exact[channel] - shift / 2) < 2e-6, "\(channel)")
    }
    let again = try Optimizer.optimize(converted, for: .bfloat16)
    #expect(try again.tensors.map { try $0.values() } == converted.tensors.map { try $0.values() })
  }

  @Test func `Where bf16 plans round nothing, nothing is corrected`() throws {
    for graph in [try separable(channels: 32), try constantNetwork()] {
      let plain = try Optimizer.optimize(graph)
      let loaded = try Optimizer.optimize(graph, for: .bfloat16)
      #expect(try loaded.tensors.map { try $0.values() } == plain.tensors.map { try $0.values() })
    }
  }

  @Test func `Only biases change, and a second time nothing does`() throws {
    let graph = try constantNetwork()
    let corrected = try Optimizer.quantize(graph, to: .int8).graph
    let plain = try Quantizer.quantize(Optimizer.optimize(graph)).graph
    for tensor in plain.tensors { #expect(try corrected.values(tensor.name) == tensor.values(), "\(tensor.name)") }
    #expect(
      Set(corrected.tensors.map(\.name)).subtracting(plain.tensors.map(\.name)) == ["s/bias", "d/bias"])
    let again = try Optimizer.quantize(corrected, to: .int8)
    #expect(again.tensors.isEmpty)
    #expect(try again.graph.tensors.map { try $0.values() } == corrected.tensors.map { try $0.values() })
  }

  @Test func `Random networks stay valid, and nothing but biases changes`() throws {
    var correctedCount = 0
    for seed in 0..<40 {
      let graph = try RandomGraph(seed: UInt64(seed), steps: 12).graph
      let corrected = try Optimizer.quantize(graph, to: .int8).graph
      try corrected.validate()
      let plain = try Quantizer.quantize(Optimizer.optimize(graph)).graph
      let values = Dictionary(uniqueKeysWithValues: try plain.tensors.map { ($0.name, try $0.values()) })
      for tensor in corrected.tensors where try tensor.values() != values[tensor.name] {
        #expect(tensor.dimensions.count == 1 && tensor.name.hasSuffix("bias"), "seed \(seed), \(tensor.name)")
        correctedCount += 1
      }
    }
    #expect(correctedCount > 10)
  }

  @Test func `Nothing is corrected where no batch normalization tells what to expect`() throws {
    var small = try SmallGraph()
    try small.append("s/depthwise", .depthwise(2))
    try small.append("s/pointwise", .pointwise(3, hasBias: true), ["kernel": odd(6)])
    try small.append("normalization", .normalization)
    try small.append("elu", .activation(.elu(alpha: 1)))
    try small.append("mean", .globalPool(GlobalPool(.average)))
    try small.append("d", .dense(Dense(outputs: 2)), ["kernel": odd(6)])
    let corrected = try Optimizer.quantize(small.graph, to: .int8).graph
    let plain = try Quantizer.quantize(Optimizer.optimize(small.graph)).graph
    #expect(corrected.tensors.map(\.name) == plain.tensors.map(\.name))
    #expect(try corrected.tensors.map { try $0.values() } == plain.tensors.map { try $0.values() })
  }

  @Test(arguments: [Activation.relu, .relu6], [(0.0, 1.0), (-1, 0.5), (5, 3), (2, 0), (7, 0), (-3, 0)])
  func `Moments after an activation are those of an integral`(
    activation: Activation, normal: (mean: Double, deviation: Double)
  ) throws {
    let before = ChannelMoments(means: [normal.mean], variances: [normal.deviation * normal.deviation])
    let after = try #require(before.activated(by: activation))
    var (total, mean, square) = (0.0, 0.0, 0.0)
    for step in -8000...8000 {
      let z = Double(step) / 1000
      let density = exp(-z * z / 2)
      let value = min(max(normal.mean + normal.deviation * z, 0), activation == .relu6 ? 6 : .infinity)
      total += density
      mean += density * value
      square += density * value * value
    }
    (mean, square) = (mean / total, square / total)
    #expect(abs(after.means[0] - mean) < 1e-5)
    #expect(abs(after.variances[0] - (square - mean * mean)) < 1e-4)
  }

  @Test func `A normal value's positive part has the mean 1 / sqrt(2 pi)`() throws {
    let after = ChannelMoments(means: [0], variances: [1]).activated(by: .relu)
    #expect(abs(try #require(after).means[0] - 0.398942280401) < 1e-11)
  }
}
