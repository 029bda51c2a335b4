import Architectures
import ModelGraph
import Reference
import TestSupport
import Testing

/// A small Xception: 35 x 35 pixels, 1/32 of the widths.
private func small(_ change: (inout XceptionNetwork) -> Void) -> XceptionNetwork {
  var network = XceptionNetwork()
  network.input = .map(height: 35, width: 35, channels: 3)
  network.widthDivisor = 32
  network.top = .classifier(.init(classes: 10))
  change(&network)
  return network
}

@Suite("The reference executor on whole networks")
struct ReferenceNetworkTests {
  static let variants: [(name: String, network: XceptionNetwork)] = [
    ("default", small { _ in }),
    ("no top", small { $0.top = .none }),
    ("pooled", small { $0.top = .pooled }),
    ("JFT", small { $0.top = .classifier(.init(classes: 17, fullyConnected: [40, 40], output: .sigmoid)) }),
    ("logits", small { $0.top = .classifier(.init(classes: 6, output: .logits)) }),
    ("middle ReLU", small { $0.middleActivation = .relu }),
    ("middle ELU", small { $0.middleActivation = .elu(alpha: 1) }),
    ("no residuals", small { $0.hasResiduals = false }),
    ("extreme Inception", small { $0.order = .pointwiseFirst }),
    ("two segments", small { $0.segments = 2 }),
    ("one segment", small { $0.segments = 1 }),
  ]

  @Test(arguments: variants.indices) func `Each variant of Xception runs`(index: Int) throws {
    let (name, network) = Self.variants[index]
    var weights = RandomWeights(seed: 1)
    let graph = try network.graph { weights.tensor($0, $1, $2) }
    let output = try ReferenceExecutor(graph).run(weights.input(count: graph.inputShape.elementCount))
    #expect(output.count == graph.outputShape.elementCount, "\(name)")
    #expect(output.allSatisfy { $0.isFinite }, "\(name)")
    #expect(Set(output).count > 1, "\(name): all values are equal")
    guard case .classifier(let classifier) = network.top else { return }
    switch classifier.output {
    case .logits: break
    case .softmax: #expect(abs(output.reduce(0, +) - 1) < 1e-5, "\(name)")
    case .sigmoid: #expect(output.allSatisfy { (0...1).contains($0) }, "\(name)")
    }
  }

  @Test(arguments: ["InceptionV3", "ResNet50", "ResNet152", "VGG16", "VGG11_BN"], [[], [12, 12]])
  func `Each network known by name runs`(name: String, fullyConnected: [Int]) throws {
    var weights = RandomWeights(seed: 2)
    var network = try ArchitectureCatalog.named(name)
    let side = name == "InceptionV3" ? 75 : 32
    network.input = .map(height: side, width: side, channels: 3)
    network.top = .classifier(.init(classes: 10, fullyConnected: fullyConnected))
    network.widthDivisor = 32
    let graph = try network.graph { weights.tensor($0, $1, $2) }
    let output = try ReferenceExecutor(graph).run(weights.input(count: graph.inputShape.elementCount))
    #expect(output.count == 10)
    #expect(abs(output.reduce(0, +) - 1) < 1e-5)
    #expect(Set(output).count > 1)
  }
}
