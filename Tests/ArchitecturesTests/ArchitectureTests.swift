import Architectures
import Foundation
import ModelGraph
import TestSupport
import Testing

@Suite("The networks known by name")
struct ArchitectureTests {
  /// As Keras counts them, and for what it does not have, torchvision, which leaves moving means and variances out.
  @Test(arguments: [
    ("Xception", 22_910_480), ("InceptionV3", 23_851_784), ("ResNet50", 25_636_712), ("ResNet101", 44_707_176),
    ("ResNet152", 60_419_944), ("VGG11", 132_863_336), ("VGG13", 133_047_848), ("VGG16", 138_357_544),
    ("VGG19", 143_667_240), ("VGG11_BN", 132_868_840), ("VGG13_BN", 133_053_736), ("VGG16_BN", 138_365_992),
    ("VGG19_BN", 143_678_248),
  ])
  func `They have the parameters that the frameworks count`(name: String, parameters: Int) throws {
    let graph = try ArchitectureCatalog.named(name).graph(weights: DimensionsOnly.tensor)
    #expect((name.hasSuffix("_BN") ? graph.trainableParameterCount : graph.parameterCount) == parameters)
    #expect(graph.outputShape == .vector(1000))
  }

  @Test func `They are found by their names, in upper or lower case`() throws {
    #expect(Set(ArchitectureCatalog.names).count == ArchitectureCatalog.names.count)
    for name in ArchitectureCatalog.names {
      for spelled in [name, name.lowercased(), name.uppercased()] {
        #expect(try ArchitectureCatalog.named(spelled).name == name)
      }
    }
    let names =
      "Xception, InceptionV3, ResNet50, ResNet101, ResNet152, VGG11, VGG13, VGG16, VGG19, VGG11_BN, VGG13_BN, VGG16_BN,"
      + " VGG19_BN"
    #expect {
      try ArchitectureCatalog.named("ResNet18")
    } throws: {
      "\($0)" == "no network is named \"ResNet18\"; known are \(names)"
    }
  }

  @Test(arguments: [
    ("VGG16", 14_714_688, 512), ("ResNet152", 58_370_944, 2048), ("InceptionV3", 21_802_784, 2048),
    ("Xception", 20_861_480, 2048),
  ])
  func `With and without fully connected layers`(name: String, convolutions: Int, features: Int) throws {
    var network = try ArchitectureCatalog.named(name)
    network.top = .none
    #expect(try network.graph(weights: DimensionsOnly.tensor).parameterCount == convolutions)
    network.top = .pooled
    #expect(try network.graph(weights: DimensionsOnly.tensor).outputShape == .vector(features))
    network.top = .classifier(.init(classes: 1000))
    let without = try network.graph(weights: DimensionsOnly.tensor)
    #expect(without.parameterCount == convolutions + (features + 1) * 1000)
    network.top = .classifier(.init(classes: 17_000, fullyConnected: [4096, 4096], output: .sigmoid))
    let with = try network.graph(weights: DimensionsOnly.tensor)
    // VGG flattens 7 x 7 positions before its own.
    let inputs = name == "VGG16" ? 49 * 512 : features
    #expect(with.parameterCount == convolutions + (inputs + 1) * 4096 + 4097 * 4096 + 4097 * 17_000)
    #expect(with.nodes.last?.operation == .activation(.sigmoid))
  }

  /// `Fixtures/keras_layers.tsv` is what Keras says of its networks.
  @Test(arguments: ["Xception", "InceptionV3", "VGG16", "ResNet50"])
  func `Weighted layers have Keras's order, names and shapes`(name: String) throws {
    let url = try #require(
      Bundle.module.url(forResource: "keras_layers", withExtension: "tsv", subdirectory: "Fixtures"))
    let rows = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map {
      $0.split(separator: "\t").map(String.init)
    }
    let expected = rows.filter { $0[0] == name }.map { "\($0[1]) \($0[2])" }
    let found = try ArchitectureCatalog.named(name).weightedLayers().map { layer in
      let shapes = layer.weights.map { weight in
        // Keras has the channels of a depthwise kernel before their multiplier.
        let sides = weight.dimensions
        let isDepthwise = weight.node.hasSuffix("/depthwise")
        return (isDepthwise ? [sides[0], sides[1], sides[3], sides[2]] : sides).map(String.init).joined(separator: "x")
      }
      return "\(layer.kerasName) \(shapes.joined(separator: " "))"
    }
    try #require(!expected.isEmpty)
    #expect(found == expected)
  }

  @Test func `Every weight of a graph belongs to one layer`() throws {
    for network in ArchitectureCatalog.all {
      let graph = try network.graph(weights: DimensionsOnly.tensor)
      let weights = try network.weightedLayers().flatMap(\.weights).map { "\($0.node)/\($0.role)" }
      #expect(Set(weights) == Set(graph.tensors.map(\.name)), "\(network.name)")
      #expect(weights.count == graph.tensors.count, "\(network.name)")
    }
  }

  @Test func `A width divisor below 1 is refused`() {
    var network = ResNet.resNet50
    network.widthDivisor = 0
    #expect(throws: GraphError(node: nil, reason: "width divisor 0 is not positive")) {
      try network.graph(weights: DimensionsOnly.tensor)
    }
  }
}
