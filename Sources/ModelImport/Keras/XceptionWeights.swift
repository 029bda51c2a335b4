import Architectures
import ModelGraph

/// The layers of an Xception in a file of weights without a network: 6 convolutions, 34 separable ones, 40
/// normalizations, and a dense layer for the classifier and for each layer before it.
struct XceptionWeights {
  typealias Kind = XceptionNetwork.WeightedLayer.Kind

  /// A layer of the file.
  struct Layer {
    /// Where it is in the file, for messages.
    var path: String
    /// The name that Keras or the model's author gave it, where the file has it.
    var name: String?
    var kind: Kind
    /// In the order of Keras's `layer.weights`.
    var datasets: [NamedArray]
  }

  /// In which order the file lists the layers of a kind.
  enum Order {
    /// As `model.layers` does: shortcuts after the main path of their block.
    case layers
    /// As the layers were made, which Keras 1 numbered: shortcuts before.
    case creation
  }

  var layers: [Layer]
  var order: Order

  /// Builds the network that the weights are of.
  ///
  /// The classes and the layers before the classifier follow from the dense layers, the width from the first convolution.
  /// Without a dense layer, the output is the vector of pooled features. As in Keras, the classifier ends in a softmax and
  /// layers before it in a ReLU.
  func graph(inputSize: Extent) throws(ImportError) -> Graph {
    let network = try network(inputSize: inputSize)
    do {
      let assigned = try assign(to: try network.weightedLayers())
      return try network.graph { node, role, dimensions throws(ImportError) in
        let (layer, dataset) = try Self.find(assigned["\(node)/\(role)"], "\(node)/\(role)")
        if role == .variance { try checkVariance(dataset, of: layer) }
        if let (index, value) = try dataset.firstNonFinite() {
          throw .weights(layer: layer, reason: "value \(index) of \"\(dataset.name)\" is \(value)")
        }
        // Keras's depthwise kernel is height x width x channels x 1, the graph's height x width x 1 x channels.
        let stored = node.hasSuffix("/depthwise") ? [dimensions[0], dimensions[1], dimensions[3], 1] : dimensions
        guard dataset.dimensions == stored else {
          throw .weights(
            layer: layer,
            reason: "\"\(dataset.name)\" has the dimensions \(dataset.dimensions), expected \(stored)")
        }
        return try dataset.reshaped(to: dimensions).tensor(named: "\(node)/\(role)", dimensions: dimensions)
      }
    } catch let error as ImportError {
      throw error
    } catch {
      throw .model(reason: "\(error)")
    }
  }

  private func network(inputSize: Extent) throws(ImportError) -> XceptionNetwork {
    for (kind, expected) in [(Kind.convolution, 6), (.separableConvolution, 34), (.batchNormalization, 40)] {
      let found = layers.count { $0.kind == kind }
      guard found == expected else {
        throw .model(
          reason: "the weights of \(found) layers of the kind \(kind), expected the \(expected) of Xception;"
            + " a file of weights alone can be read only for Xception")
      }
    }
    var network = XceptionNetwork()
    network.input = .map(height: inputSize.height, width: inputSize.width, channels: 3)
    if let stem = layers.first(where: { $0.kind == .convolution })?.datasets.first?.dimensions.last,
      stem > 0, 32 % stem == 0
    {
      network.widthDivisor = 32 / stem
    }
    let widths = layers.filter { $0.kind == .dense }.compactMap { $0.datasets.first?.dimensions.last }
    network.top =
      if let classes = widths.last {
        .classifier(.init(classes: classes, fullyConnected: widths.dropLast(), output: .softmax))
      } else {
        .pooled
      }
    return network
  }

  /// The file's array for each of the network's, by node and role.
  private func assign(
    to expected: [XceptionNetwork.WeightedLayer]
  ) throws(ImportError) -> [String: (layer: String, dataset: NamedArray)] {
    var assigned: [String: (layer: String, dataset: NamedArray)] = [:]
    for kind in Kind.allCases {
      let found = layers.filter { $0.kind == kind }
      let wanted = ordered(expected.filter { $0.kind == kind })
      guard found.count == wanted.count else {
        throw .model(reason: "\(found.count) layers of the kind \(kind), expected \(wanted.count)")
      }
      for (layer, target) in zip(found, wanted) {
        // Shapes cannot tell the three normalizations of block 2 apart, but Keras's names can.
        if let name = layer.name, name.hasPrefix("block"), name != target.name {
          throw .weights(layer: target.name, reason: "\"\(layer.path)\" in its place is named \"\(name)\"")
        }
        guard layer.datasets.count == target.weights.count else {
          throw .weights(
            layer: target.name,
            reason: "\"\(layer.path)\" has \(layer.datasets.count) arrays, expected \(target.weights.count)")
        }
        for (dataset, weight) in zip(layer.datasets, target.weights) {
          assigned["\(weight.node)/\(weight.role)"] = (target.name, dataset)
        }
      }
    }
    return assigned
  }

  private func ordered(_ layers: [XceptionNetwork.WeightedLayer]) -> [XceptionNetwork.WeightedLayer] {
    guard order == .creation else { return layers }
    var result: [XceptionNetwork.WeightedLayer] = []
    for layer in layers {
      let block = layer.name.prefix { $0 != "_" }
      let start = result.firstIndex { $0.name.prefix { $0 != "_" } == block } ?? result.endIndex
      result.insert(layer, at: layer.isShortcut ? start : result.endIndex)
    }
    return result
  }

  private static func find(
    _ assigned: (layer: String, dataset: NamedArray)?, _ name: String
  ) throws(ImportError) -> (String, NamedArray) {
    guard let assigned else { throw .weights(layer: name, reason: "missing") }
    return assigned
  }
}
