import Architectures
import Foundation
import ModelGraph
import Testing

@testable import ModelImport

/// Every array of the network has values of its own, so that a swap of two of one shape is seen.
@Suite("Weights of an Xception alone")
struct XceptionLayoutTests {
  /// The network's structure at a sixteenth of its width.
  private static let network = {
    var network = XceptionNetwork()
    network.widthDivisor = 16
    network.input = .map(height: 71, width: 73, channels: 3)
    network.top = .classifier(.init(classes: 7, fullyConnected: [5], output: .softmax))
    return network
  }()

  private struct Written {
    var layer: XceptionNetwork.WeightedLayer
    /// The dimensions in the file and the values.
    var arrays: [(dimensions: [Int], values: [Float])]
  }

  private static func layers(_ network: XceptionNetwork = network) throws -> [Written] {
    var next: Float = 1
    return try network.weightedLayers().map { layer in
      Written(
        layer: layer,
        arrays: layer.weights.map { weight in
          let dimensions = weight.kerasDimensions
          let values = (0..<dimensions.reduce(1, *)).map { next + Float($0) * 0x1p-20 }
          next += 1
          return (dimensions, values)
        })
    }
  }

  private func read(
    _ bytes: [UInt8], name: String = "weights.h5", architecture: String? = nil
  ) throws -> Graph {
    var options = ImportOptions()
    options.architecture = architecture
    options.inputSize = Extent(height: 71, width: 73)
    return try ModelImporter.read(ForeignFile(path: name, bytes: bytes), options: options).model.graph
  }

  private func expectAllInPlace(_ graph: Graph, _ network: XceptionNetwork = network) throws {
    var next: Float = 1
    let expected = try network.graph { node, role, dimensions in
      defer { next += 1 }
      let first = next
      return Tensor(
        name: "\(node)/\(role)", dimensions: dimensions,
        values: (0..<dimensions.reduce(1, *)).map { first + Float($0) * 0x1p-20 })
    }
    #expect(graph.nodes == expected.nodes)
    #expect(graph.tensors.map(\.name) == expected.tensors.map(\.name))
    for (tensor, expected) in zip(graph.tensors, expected.tensors) {
      #expect(try tensor.values() == expected.values(), "\(tensor.name)")
    }
  }

  @Test func `Are found by Keras 3's numbers`() throws {
    try expectAllInPlace(try read(try Self.keras3File()))
  }

  @Test func `Are refused where two arrays of Keras 3's have each other's names`() throws {
    // Number 2 and 3 are block 2's; 4 is its shortcut's, which has no name of its own.
    let bytes = try Self.keras3File { $0 == "block2_sepconv1_bn" ? "block2_sepconv2_bn" : $0 }
    #expect(
      throws: ImportError.weights(
        layer: "block2_sepconv1_bn",
        reason: "\"layers/batch_normalization_2/vars\" is named \"block2_sepconv2_bn\", expected \"block2_sepconv1_bn\""
      )
    ) { try read(bytes, architecture: "Xception") }
  }

  private static func keras3File(surplus: String? = nil, name: (String) -> String = { $0 }) throws -> [UInt8] {
    try HDF5Writer.bytes { file in
      var counts: [String: Int] = [:]
      for written in try layers() {
        let kind = written.layer.kind.kerasName
        let count = counts[kind, default: 0]
        counts[kind] = count + 1
        let path = "layers/\(kind)" + (count == 0 ? "" : "_\(count)") + "/vars"
        for (index, array) in written.arrays.enumerated() {
          file.dataset("\(path)/\(index)", array.dimensions, array.values)
        }
        if !written.layer.isShortcut { file.attribute("name", of: path, [name(written.layer.name)]) }
      }
      file.dataset("optimizer/vars/0", [1], [0])
      if let surplus { file.dataset(surplus, [1], [0]) }
    }
  }

  /// Numbers of the automatic names go on from other models', as they do in a session.
  @Test func `Are found by Keras 2's layer_names`() throws {
    let bytes = try HDF5Writer.bytes { file in
      var names: [String] = []
      for (index, written) in try Self.layers().enumerated() {
        let layer = written.layer
        let name =
          layer.isShortcut
          ? "\(layer.kind == .convolution ? "conv2d" : "batch_normalization")_\(90 - index)" : layer.name
        names += [name, "\(layer.name)_act"]
        file.group("\(layer.name)_act")
        file.attribute("weight_names", of: "\(layer.name)_act", [])
        let weights = Self.keras2Names(layer).map { "\(name)/\($0):0" }
        for (weight, array) in zip(weights, written.arrays) {
          file.dataset("\(name)/\(weight)", array.dimensions, array.values)
        }
        file.attribute("weight_names", of: name, weights)
      }
      file.attribute("layer_names0", of: "/", Array(names[..<60]))
      file.attribute("layer_names1", of: "/", Array(names[60...]))
    }
    try expectAllInPlace(try read(bytes))
  }

  private static func keras2Names(_ layer: XceptionNetwork.WeightedLayer) -> [String] {
    switch layer.kind {
    case .convolution: ["kernel"]
    case .separableConvolution: ["depthwise_kernel", "pointwise_kernel"]
    case .batchNormalization: ["gamma", "beta", "moving_mean", "moving_variance"]
    default: ["kernel", "bias"]
    }
  }

  /// The official ImageNet file's names, each for the layer that it stands for.
  @Test(arguments: [true, false])
  func `Are found by Keras 1's numbered names`(hasTop: Bool) throws {
    var network = Self.network
    network.top = hasTop ? .classifier(.init(classes: 7)) : .pooled
    let layers = try Self.layers(network)
    let bytes = try HDF5Writer.bytes { file in
      var names: [String] = []
      for (name, layerName, variables) in Self.keras1Names(hasTop: hasTop) {
        let written = try #require(layers.first { $0.layer.name == layerName })
        let weights = variables.map { "\(name)_\($0):0" }
        for (weight, array) in zip(weights, written.arrays) {
          file.dataset("\(name)/\(weight)", array.dimensions, array.values)
        }
        file.attribute("weight_names", of: name, weights)
        names.append(name)
      }
      // The file's own order is another one again.
      file.attribute("layer_names", of: "/", names.sorted())
    }
    try expectAllInPlace(try read(bytes), network)
  }

  /// Written out from the mapping of the official file, apart from the importer's rule.
  private static func keras1Names(hasTop: Bool) -> [(name: String, layer: String, variables: [String])] {
    let blocks = (2...14).map { block in (5...12).contains(block) ? 3 : 2 }
    let separable = zip(2...14, blocks).flatMap { block, count in (1...count).map { "block\(block)_sepconv\($0)" } }
    let convolutions =
      ["block1_conv1", "block1_conv2"] + [2, 3, 4, 13].map { "block\($0)_shortcut" }
    var normalizations = ["block1_conv1_bn", "block1_conv2_bn"]
    for (block, count) in zip(2...14, blocks) {
      if [2, 3, 4, 13].contains(block) { normalizations.append("block\(block)_shortcut_bn") }
      normalizations += (1...count).map { "block\(block)_sepconv\($0)_bn" }
    }
    return convolutions.enumerated().map { ("convolution2d_\($0 + 1)", $1, ["W"]) }
      + separable.enumerated().map {
        ("separableconvolution2d_\($0 + 1)", $1, ["depthwise_kernel", "pointwise_kernel"])
      }
      + normalizations.enumerated().map {
        ("batchnormalization_\($0 + 1)", $1, ["gamma", "beta", "running_mean", "running_std"])
      } + (hasTop ? [("dense_2", "predictions", ["W", "b"])] : [])
  }

  @Test func `Are refused where a layer is missing or surplus`() throws {
    let bytes = HDF5Writer.bytes { file in
      file.dataset("layers/conv2d/vars/0", [3, 3, 3, 32], Array(repeating: 1, count: 864))
    }
    #expect(
      throws: ImportError.model(
        reason: "the weights of 1 layers; Xception has 80 without its classifier and 81 with it")
    ) { try read(bytes, architecture: "Xception") }
    let surplus = try Self.keras3File(surplus: "layers/conv2d/vars/1")
    #expect(
      throws: ImportError.weights(layer: "block1_conv1", reason: "\"layers/conv2d/vars\" holds 2 arrays, expected 1")
    ) { try read(surplus, architecture: "Xception") }
  }
}
