import Architectures
import ModelGraph

/// A network known by name with the arrays of a file of weights.
struct FittedNetwork {
  var network: any Architecture
  var layers: [WeightedLayer]
  /// In the order of the layers and of their weights.
  var arrays: [[NamedArray]]
}

/// Which network the weights are of: its classes, its width and, where it matters, its input's size follow from shapes.
extension KnownWeights {
  func fitted(_ options: ImportOptions) throws(ImportError) -> FittedNetwork {
    if let name = options.architecture {
      return try fitted(to: try Self.named(name), options)
    }
    var fitting: [FittedNetwork] = []
    for network in ArchitectureCatalog.all {
      // Most differ in the number of layers, so this costs little.
      if let fitted = try? fitted(to: network, options) { fitting.append(fitted) }
    }
    let names = fitting.map(\.network.name)
    switch fitting.count {
    case 1: return fitting[0]
    case 0:
      throw .model(
        reason: "the weights of \(layerCount) layers without a network, which fit none of those known by name; say"
          + " which it is with --architecture to see why, or save the whole model with model.save(\"model.keras\")")
    default:
      throw .model(
        reason: "the weights fit \(names.joined(separator: " and ")); say which it is with --architecture")
    }
  }

  private static func named(_ name: String) throws(ImportError) -> any Architecture {
    do throws(UnknownArchitectureError) {
      return try ArchitectureCatalog.named(name)
    } catch {
      throw .options(reason: "\(error)")
    }
  }

  /// - Throws: What is wrong with the one of the network's variants that fits best.
  private func fitted(
    to known: any Architecture, _ options: ImportOptions
  ) throws(ImportError) -> FittedNetwork {
    var network = known
    if let size = options.inputSize {
      network.input = .map(height: size.height, width: size.width, channels: network.input.channels)
    }
    var mismatch: ImportError?
    let variants = network.variants(ofWidths: widths)
    for variant in variants.isEmpty ? [network] : variants {
      do throws(ImportError) {
        return try fitted(variant: try topped(variant, options))
      } catch {
        // The variant that got furthest is most likely the file's.
        if mismatch == nil || error.isNearMiss { mismatch = error }
      }
    }
    throw mismatch ?? .model(reason: "the weights are of no \(known.name)")
  }

  private func fitted(variant: any Architecture) throws(ImportError) -> FittedNetwork {
    let layers = try layers(of: variant)
    let found = try arrays(of: layers) { () throws(ImportError) in
      try Self.building { try variant.isChain() }
    }
    var arrays: [[NamedArray]] = []
    for layer in layers {
      let values = found[layer.name] ?? []
      guard values.count == layer.weights.count else {
        throw .weights(layer: layer.name, reason: "\(values.count) arrays, expected \(layer.weights.count)")
      }
      for (array, weight) in zip(values, layer.weights) where array.dimensions != weight.kerasDimensions {
        throw .weights(
          layer: layer.name,
          reason: "\"\(array.name)\" has the dimensions \(array.dimensions), expected \(weight.kerasDimensions) of"
            + " \(variant.name)")
      }
      arrays.append(values)
    }
    return FittedNetwork(network: variant, layers: layers, arrays: arrays)
  }

  /// The network with the top that follows from the number of layers and their widths.
  private func topped(_ variant: any Architecture, _ options: ImportOptions) throws(ImportError) -> any Architecture {
    var network = variant
    network.top = .pooled
    let features = try layers(of: network)
    let count = layerCount
    if count == layerCount(of: features) {
      network.top = try top(withoutClassifier: network, options)
      return try withChannels(network, features)
    }
    network.top = .classifier(ClassifierHead(classes: 1))
    var layers = try layers(of: network)
    let surplus = count - layerCount(of: layers)
    var widths: [Int] = []
    if surplus > 0, layers.last?.kind == .dense, !features.contains(where: { $0.kind == .dense }) {
      widths = (0..<surplus).compactMap { denseKernel(layers.count - 1 + $0, numbered: $0)?.dimensions.last }
      network.top = .classifier(ClassifierHead(classes: 1, fullyConnected: widths))
      layers = try self.layers(of: network)
    }
    guard count == layerCount(of: layers), widths.count == max(surplus, 0), let last = layers.last else {
      let whole = layerCount(of: try self.layers(of: variant))
      throw .model(
        reason: "the weights of \(count) layers; \(variant.name) has \(layerCount(of: features)) without its classifier"
          + " and \(whole) with it")
    }
    guard let classes = kernel(of: last, among: layers)?.dimensions.last, classes > 0 else {
      throw .weights(layer: last.name, reason: "missing: the file has no kernel of the classifier")
    }
    network.top = .classifier(ClassifierHead(classes: classes, fullyConnected: widths))
    network = try withChannels(network, layers)
    if options.inputSize == nil, !widths.isEmpty,
      let flattened = denseKernel(features.count, numbered: 0)?.dimensions.first,
      let side = network.side(ofFlattened: flattened)
    {
      network.input = .map(height: side, width: side, channels: network.input.channels)
    }
    return network
  }

  /// The network with the image's channels that its first convolution has.
  private func withChannels(
    _ network: any Architecture, _ layers: [WeightedLayer]
  ) throws(ImportError) -> any Architecture {
    guard let first = layers.first(where: { $0.kind == .convolution }),
      let kernel = kernel(of: first, among: layers), kernel.dimensions.count == 4,
      case .map(let height, let width, _) = network.input
    else { return network }
    var network = network
    network.input = .map(height: height, width: width, channels: kernel.dimensions[2])
    return network
  }

  /// The pooling that the user or the file states; otherwise the average, about which the importer adds a note.
  private func top(
    withoutClassifier network: any Architecture, _ options: ImportOptions
  ) throws(ImportError) -> Top {
    switch options.pooling {
    case FeaturePooling.none?: return .none
    case .average?: return .pooling(.average)
    case .maximum?: return .pooling(.maximum)
    case nil: break
    }
    guard let maxima = count(ofPlain: "global_max_pooling2d"), let averages = averagePools() else { return .pooled }
    if maxima > 0 || count(ofPlain: "max_pool") == 1 && !isNumbered { return .pooling(.maximum) }
    var plain = network
    plain.top = .none
    let inside = isNumbered ? try Self.building { try plain.globalPools() } : 0
    return averages > inside ? .pooling(.average) : .none
  }

  /// Whether the file says which pooling ends a network without a classifier.
  var saysPooling: Bool { averagePools() != nil }

  private var isNumbered: Bool { if case .numbered = self { true } else { false } }

  /// All of a file that numbers layers by class, else those that could be the last.
  private func averagePools() -> Int? {
    guard let unnamed = count(ofPlain: "global_average_pooling2d") else { return nil }
    return isNumbered ? unnamed : unnamed + (count(ofPlain: "avg_pool") ?? 0)
  }

  private func layers(of network: any Architecture) throws(ImportError) -> [WeightedLayer] {
    try Self.building { try network.weightedLayers() }
  }

  private static func building<Result>(_ body: () throws -> Result) throws(ImportError) -> Result {
    do { return try body() } catch { throw .model(reason: "\(error)") }
  }

  /// The kernel of the dense layer in a place among all layers, or of a number among the dense ones.
  private func denseKernel(_ place: Int, numbered number: Int) -> NamedArray? {
    switch self {
    case .numbered(let root):
      let list = root.groups["layers"] == nil ? "_layer_checkpoint_dependencies" : "layers"
      let step = root.groups["_layer_checkpoint_dependencies"] == nil ? 1 : 2
      return root.array(at: "\(list)/dense" + (number == 0 ? "" : "_\(number * step)") + "/vars/0")
    case .named(let weights):
      let layers = weights.weighted
      guard layers.indices.contains(place), let kernel = layers[place].variables.first?.array else { return nil }
      return kernel.dimensions.count == 2 ? kernel : nil
    }
  }

  private func kernel(of layer: WeightedLayer, among layers: [WeightedLayer]) -> NamedArray? {
    guard let index = layers.firstIndex(of: layer) else { return nil }
    switch self {
    case .numbered(let root): return root.array(at: layers.stored(in: root)[index].storage + "/vars/0")
    case .named(let weights): return weights.firstArray(of: layers[index], among: layers)
    }
  }
}

extension Architecture {
  fileprivate func globalPools() throws -> Int {
    try graph { node, role, dimensions in
      Tensor(name: "\(node)/\(role)", dimensions: dimensions, elementType: .float32, contents: NoValues())
    }.nodes.count { if case .globalPool(let pool) = $0.operation { pool.kind == .average } else { false } }
  }
}

/// The contents of a tensor of which only the dimensions matter.
private struct NoValues: TensorContents {
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    try unsafe body(UnsafeRawBufferPointer(start: nil, count: 0))
  }
}

extension ImportError {
  /// Whether a network's layers were found but one differs.
  fileprivate var isNearMiss: Bool { if case .weights = self { true } else { false } }
}
