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
    let names = ArchitectureCatalog.names.joined(separator: ", ")
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
    let rows = try Fixture.rows("keras_layers.tsv").filter { $0[0] == name }
    let expected = rows.map { $0.dropFirst().joined(separator: "\t") }
    try #require(!expected.isEmpty)
    #expect(try ArchitectureCatalog.named(name).kerasLayers() == expected)
  }

  /// `Fixtures/keras_digests.tsv` has the digests of the same of all of Keras's networks, with and without a top.
  @Test(arguments: ArchitectureCatalog.inKeras.map(\.name), [true, false])
  func `So have all of Keras's networks`(name: String, hasTop: Bool) throws {
    let rows = try Fixture.rows("keras_digests.tsv").filter { $0[0] == name && $0[1] == (hasTop ? "top" : "notop") }
    try #require(rows.count == 1)
    var network = try ArchitectureCatalog.named(name)
    if !hasTop { network.top = .pooled }
    let layers = try network.kerasLayers()
    try #require(layers.count == Int(rows[0][2]))
    #expect(fnv1a(layers.joined(separator: "\n")) == rows[0][3], "\(layers.joined(separator: "\n"))")
    let parameters = try network.weightedLayers().flatMap(\.weights).reduce(0) { $0 + $1.dimensions.reduce(1, *) }
    #expect(parameters == Int(rows[0][4]))
  }

  @Test func `Every weight of a graph belongs to one layer`() throws {
    for network in ArchitectureCatalog.all {
      let graph = try network.graph(weights: DimensionsOnly.tensor)
      let layers = try network.weightedLayers().filter { $0.kind != .inputNormalization }
      let weights = layers.flatMap(\.weights).map { "\($0.node)/\($0.role)" }
      let asked = graph.tensors.filter { $0.contents is DimensionsOnly }.map(\.name)
      #expect(Set(weights) == Set(asked), "\(network.name)")
      #expect(weights.count == asked.count, "\(network.name)")
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

/// A file of `Fixtures`.
private enum Fixture {
  static func rows(_ name: String) throws -> [[String]] {
    let url = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil)).appending(path: name)
    return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
  }
}

/// Fowler, Noll and Vo's hash of 64 bits, in hexadecimal digits.
private func fnv1a(_ text: String) -> String {
  let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  return String(hash, radix: 16)
}

extension Architecture {
  /// A line for each layer with weights: name, class, and shapes.
  fileprivate func kerasLayers() throws -> [String] {
    try weightedLayers().map { layer in
      let shapes = layer.weights.map { $0.kerasDimensions.map(String.init).joined(separator: "x") }
      let name = (layer.container.map { $0 + "/" } ?? "") + layer.kerasName
      return "\(name)\t\(layer.kind.kerasName)\t\(shapes.joined(separator: " "))"
    }
  }
}
