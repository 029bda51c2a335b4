import Architectures
import Foundation
import ModelGraph
import Reference
import TestSupport
import Testing

@testable import ModelImport

@Suite("Weights without a network, of networks known by name")
struct KnownWeightsTests {
  private struct Expected: Decodable {
    var parameters: Int
    var output: [Float]
  }

  /// The files that `make_weights_only.py` made, and what Keras computed.
  private static let files: [String] = [
    "MobileNet.weights.h5", "MobileNet.h5", "MobileNetFeatures.weights.h5", "MobileNetFeatures.h5",
    "MobileNetDeep.weights.h5", "MobileNetDeep.h5", "MobileNetV3Small.weights.h5", "MobileNetV3Small.h5",
    "MobileNetDoubled-keras2.12.weights.h5", "MobileNetDoubled-keras2.13.weights.h5",
  ]

  private static func file(_ name: String) throws -> [UInt8] {
    let archive = try ZipArchive(try Fixture("weights.zip").bytes)
    return try #require(try archive.contents(of: name, limit: .max)).array
  }

  private static func read(
    _ name: String, _ bytes: [UInt8]? = nil, _ change: (inout ImportOptions) -> Void = { _ in }
  ) throws -> ModelImporter.Result {
    var options = ImportOptions()
    options.inputSize = Extent(32)
    change(&options)
    return try ModelImporter.read(ForeignFile(path: name, bytes: try bytes ?? file(name)), options: options)
  }

  @Test(arguments: files) func `Keras's own files give Keras's output`(name: String) throws {
    let expected = try JSONDecoder().decode([String: Expected].self, from: Data(try Self.file("expected.json")))
    let (model, wanted) = (try Self.read(name).model, try #require(expected[name]))
    let input = Metadata.Golden.input(seed: 1, count: model.graph.inputShape.elementCount)
    let output = try ReferenceExecutor(model.graph).run(input)
    try #require(output.count == wanted.output.count)
    for (value, wanted) in zip(output, wanted.output) { #expect(abs(value - wanted) < 2e-5 * max(1, abs(wanted))) }
    #expect(model.graph.parameterCount == wanted.parameters)
  }

  @Test func `What was recognized and what was assumed is said`() throws {
    let classifier = try Self.read("MobileNet.h5")
    #expect(classifier.model.metadata.architecture == "MobileNet")
    #expect(classifier.notes[0] == "weights without a network; of those known by name they fit MobileNet alone")
    #expect(classifier.notes.contains { $0.contains("as its network is MobileNet, x / 127.5 - 1 is") })
    #expect(classifier.notes.last?.contains("nearest neighbor without a crop, as Keras's load_img, is assumed") == true)
    let unsized = try Self.read("MobileNet.h5") { $0.inputSize = nil }
    #expect(
      unsized.model.metadata.assumptions.first == "the file does not say how large its pictures are; 224x224, as usual"
        + " for MobileNet, is assumed (--input-size changes it)")
    #expect(classifier.model.metadata.preprocessing.divisor == 127.5)
    let features = try Self.read("MobileNetFeatures.weights.h5")
    #expect(features.notes[1] == "there is no classifier; the output is the maximum of each feature")
    // Its own first layer scales, whatever the pixels are.
    let scaled = try Self.read("MobileNetV3Small.h5")
    #expect(scaled.notes.count == 3)
    #expect(scaled.notes.last?.contains("does not say how images are resized") == true)
    let preprocessing = scaled.model.metadata.preprocessing
    #expect(preprocessing.mean.allSatisfy { abs($0 / preprocessing.standardDeviation[0] - 1) < 1e-6 })
    #expect(abs(preprocessing.divisor * preprocessing.standardDeviation[0] - 127.5) < 1e-4)
  }

  @Test func `The name may be said, in upper or lower case, and what follows the features`() throws {
    let named = try Self.read("MobileNet.h5") { $0.architecture = "mobilenet" }
    #expect(named.notes.count == 2)
    let map = try Self.read("MobileNetFeatures.h5") { $0.pooling = FeaturePooling.none }
    #expect(map.model.graph.outputShape == .map(height: 1, width: 1, channels: 32))
  }

  @Test func `A wrong or unknown name is refused, with what differs`() throws {
    #expect(
      throws: ImportError.model(
        reason: "the weights of 55 layers; ResNet50 has 106 without its classifier and 107 with it")
    ) { try Self.read("MobileNet.h5") { $0.architecture = "ResNet50" } }
    #expect(
      throws: ImportError.model(
        reason: "the weights of 55 layers; VGG16 has 13 without its classifier and 16 with it")
    ) { try Self.read("MobileNet.h5") { $0.architecture = "VGG16" } }
    #expect {
      try Self.read("MobileNet.h5") { $0.architecture = "ResNet18" }
    } throws: {
      "\($0)".hasPrefix("no network is named \"ResNet18\"; known are Xception, InceptionV3, ")
    }
  }

  @Test func `Weights of no known network are refused`() throws {
    let bytes = HDF5Writer.bytes { file in
      file.dataset("layers/conv2d/vars/0", [3, 3, 3, 2], Array(repeating: 1, count: 54))
    }
    #expect(
      throws: ImportError.model(
        reason: "the weights of 1 layers without a network, which fit none of those known by name; say which it is"
          + " with --architecture to see why, or save the whole model with model.save(\"model.keras\")")
    ) { try Self.read("weights.h5", bytes) }
  }

  @Test func `A kernel of other dimensions is named with them`() throws {
    let bytes = try HDF5Writer.bytes { file in
      var names: [String] = []
      for layer in try Self.narrow.weightedLayers() {
        for (weight, variable) in zip(layer.weights, layer.variables) {
          var dimensions = weight.kerasDimensions
          if layer.name == "conv_pw_3" { dimensions[0] = 2 }
          let values = [Float](repeating: 1, count: dimensions.reduce(1, *))
          file.dataset("\(layer.name)/\(variable.names[0])", dimensions, values)
        }
        file.attribute("weight_names", of: layer.name, layer.variables.map { $0.names[0] })
        names.append(layer.name)
      }
      file.attribute("layer_names", of: "/", names)
    }
    #expect(
      throws: ImportError.weights(
        layer: "conv_pw_3",
        reason: "\"conv_pw_3/kernel\" has the dimensions [2, 1, 4, 4], expected [1, 1, 4, 4] of MobileNet")
    ) { try Self.read("weights.h5", bytes) { $0.architecture = "MobileNet" } }
  }

  private static let narrow = {
    var network = MobileNet()
    network.alpha = 1 / 32
    network.top = .classifier(.init(classes: 3))
    return network
  }()

  /// Two shortcuts of ResNet lie beside convolutions of their shape: old names that are not Keras's could be either.
  @Test func `Order alone is not trusted where layers lie side by side`() throws {
    var network = ResNet(blocks: [1, 1, 1, 1])
    (network.top, network.widthDivisor) = (.none, 32)
    let layers = try network.weightedLayers()
    #expect(try !network.isChain())
    let bytes = HDF5Writer.bytes { file in
      for layer in layers {
        let name = "old_\(layer.name)"
        for (weight, variable) in zip(layer.weights, layer.variables) {
          let values = [Float](repeating: 1, count: weight.kerasDimensions.reduce(1, *))
          file.dataset("\(name)/\(variable.names[0])", weight.kerasDimensions, values)
        }
        file.attribute("weight_names", of: name, layer.variables.map { $0.names[0] })
      }
      file.attribute("layer_names", of: "/", layers.map { "old_\($0.name)" })
    }
    let file = ForeignFile(path: "weights.h5", bytes: bytes)
    let weights = try KnownWeights(try KerasGroup(file.bytes, limits: ImportLimits()))
    #expect {
      try weights.arrays(of: layers) { false }
    } throws: {
      "\($0)".contains("their order alone does not tell layers apart that lie side by side")
    }
    #expect(try weights.arrays(of: layers) { true }.count == layers.count)
  }
}
