import Architectures
import ModelGraph

/// A file of weights without a network, in one of Keras's two layouts, which a network known by name is fitted to.
enum KnownWeights {
  /// `layers/<class>[_k]/vars/<i>`.
  case numbered(KerasGroup)
  /// A group for each layer.
  case named(LegacyWeights)

  init(_ root: KerasGroup) throws(ImportError) {
    self = LegacyWeights.isLegacy(root) ? .named(try LegacyWeights(root)) : .numbered(root)
  }

  /// The last dimensions of all arrays.
  var widths: Set<Int> { Set(all.compactMap(\.dimensions.last)) }

  var all: [NamedArray] {
    switch self {
    case .numbered(let root): root.allArrays.filter { !$0.isGeneratorState }
    case .named(let weights): weights.weighted.flatMap(\.variables).map(\.array).filter { !$0.isGeneratorState }
    }
  }

  /// How many layers with weights it has; a model within the model counts as one where its layers share a group.
  var layerCount: Int {
    switch self {
    case .numbered(let root): root.weightedGroups
    case .named(let weights): weights.weighted.count
    }
  }

  /// How many such layers the file would have of these.
  func layerCount(of layers: [WeightedLayer]) -> Int {
    switch self {
    case .numbered: layers.count
    case .named: Set(layers.map(\.fileLayer)).count
    }
  }

  /// The arrays of each layer, by its path.
  ///
  /// - Parameter isChain: Whether the order alone tells which layer is which.
  func arrays(
    of layers: [WeightedLayer], isChain: () throws(ImportError) -> Bool
  ) throws(ImportError) -> KerasArrays {
    switch self {
    case .numbered(let root):
      return try Keras3Weights(root).arrays(of: layers.stored(in: root))
    case .named(let weights):
      return try weights.arrays(of: try weights.places(of: layers, isChain: isChain))
    }
  }

  /// How many layers without weights the file lists whose names begin like this; nil where it lists none at all.
  func count(ofPlain prefix: String) -> Int? {
    let names: [String]
    switch self {
    case .numbered(let root):
      let groups = root.groups["layers"]?.groups ?? [:]
      names = groups.filter { $0.value.allArrays.isEmpty }.map(\.key)
    case .named(let weights): names = weights.layers.filter(\.variables.isEmpty).map(\.name)
    }
    return names.isEmpty ? nil : names.count { $0.hasPrefix(prefix) }
  }
}

extension KerasGroup {
  fileprivate var weightedGroups: Int {
    (arrays.values.contains { !$0.isGeneratorState } ? 1 : 0) + groups.values.reduce(0) { $0 + $1.weightedGroups }
  }
}

extension WeightedLayer {
  /// The layer of the outermost model.
  var fileLayer: String { container ?? kerasName }

  /// What Keras's versions call its arrays.
  var variables: [KerasVariable] {
    weights.map { weight in
      switch (kind, weight.role) {
      case (.inputNormalization, .mean): .mean
      case (.inputNormalization, .variance): .variance
      case (.inputNormalization, _): .count
      case (.layerScale, _): .layerScale
      case (.depthwiseConvolution, .kernel): .depthwiseKernel
      case (.separableConvolution, .kernel): weight.node.hasSuffix("/depthwise") ? .depthwiseKernel : .pointwiseKernel
      case (_, .gamma): .gamma
      case (_, .beta): .beta
      case (_, .mean): .movingMean
      case (_, .variance): .movingVariance
      case (_, .bias): .bias
      default: .kernel
      }
    }
  }

  fileprivate func place(storage: String, fileLayer: String) -> KerasWeightedLayer {
    KerasWeightedLayer(
      path: name, name: number == nil ? name : nil, storage: storage, topLayer: fileLayer, variables: variables,
      isTrainable: true)
  }
}

extension [WeightedLayer] {
  /// Where a file that numbers the layers of each class has them.
  func stored(in root: KerasGroup) -> [KerasWeightedLayer] {
    var result: [KerasWeightedLayer] = []
    var outer = LayerNumbers(in: root)
    var inner: (container: String, path: String, numbers: LayerNumbers)?
    for layer in self {
      guard let container = layer.container else {
        result.append(layer.place(storage: outer.next(layer.kind.kerasName), fileLayer: layer.fileLayer))
        continue
      }
      if inner?.container != container {
        let path = outer.next("sequential")
        inner = (container, path, LayerNumbers(in: root.group(at: path)))
      }
      let path = inner!.path + "/" + inner!.numbers.next(layer.kind.kerasName)
      result.append(layer.place(storage: path, fileLayer: layer.fileLayer))
    }
    return result
  }
}

/// The names of groups, counted for each class.
private struct LayerNumbers {
  /// Keras 2.12 to 2.14 reach each layer with weights twice and number it both times.
  private static let dependencies = "_layer_checkpoint_dependencies"
  private let list: String
  private var counts: [String: Int] = [:]

  init(in model: KerasGroup?) { list = model?.groups[Self.dependencies] == nil ? "layers" : Self.dependencies }

  mutating func next(_ kind: String) -> String {
    let number = counts[kind, default: 0]
    counts[kind] = number + (list == Self.dependencies ? 2 : 1)
    return list + "/" + kind + (number == 0 ? "" : "_\(number)")
  }
}

extension LegacyWeights {
  /// The layers with the names that the file has for them: their own, or those in the same places.
  fileprivate func places(
    of layers: [WeightedLayer], isChain: () throws(ImportError) -> Bool
  ) throws(ImportError) -> [KerasWeightedLayer] {
    let names = isKeras1Xception ? try namesByNumber(layers) : try namesByOrder(layers, isChain: isChain)
    return layers.map { $0.place(storage: "", fileLayer: names[$0.fileLayer] ?? $0.fileLayer) }
  }

  /// The first array of the layer in the place of one of these.
  func firstArray(of layer: WeightedLayer, among layers: [WeightedLayer]) -> NamedArray? {
    if isKeras1Xception {
      let name = (try? namesByNumber(layers))?[layer.fileLayer]
      return weighted.first { $0.name == name }?.variables.first?.array
    }
    var places: [String: Int] = [:]
    for layer in layers where places[layer.fileLayer] == nil { places[layer.fileLayer] = places.count }
    guard let place = places[layer.fileLayer], weighted.indices.contains(place) else { return nil }
    return weighted[place].variables.first?.array
  }

  private func namesByOrder(
    _ layers: [WeightedLayer], isChain: () throws(ImportError) -> Bool
  ) throws(ImportError) -> [String: String] {
    var names: [String: String] = [:]
    var rest = weighted.map(\.name)[...]
    var isTold: Bool?
    for layer in layers where names[layer.fileLayer] == nil {
      guard let name = rest.popFirst() else {
        throw .weights(layer: layer.name, reason: "missing: the file ends before it")
      }
      let isNumbered = layer.number != nil && name.hasNumberedName(layer.kind.kerasName)
      if name.replacing("/", with: "_") != layer.fileLayer, !isNumbered {
        if isTold == nil { isTold = try isChain() }
        guard isTold == true else {
          throw .weights(
            layer: layer.name,
            reason: "the file has \"\(name)\" in its place, and their order alone does not tell layers apart that lie"
              + " side by side")
        }
      }
      names[layer.fileLayer] = name
    }
    return names
  }

  /// Keras 1's numbered names of an Xception, as in the official ImageNet file.
  private var isKeras1Xception: Bool { layers.contains { $0.name.hasPrefix("separableconvolution2d_") } }

  /// Keras 1 counted the layers of a kind as they were made, the shortcut of a block before its main path.
  private func namesByNumber(_ layers: [WeightedLayer]) throws(ImportError) -> [String: String] {
    let kinds: [(prefix: String, kind: WeightedLayer.Kind)] = [
      ("convolution2d_", .convolution), ("separableconvolution2d_", .separableConvolution),
      ("batchnormalization_", .batchNormalization), ("dense_", .dense),
    ]
    var names: [String: String] = [:]
    for (prefix, kind) in kinds {
      let found = weighted.map(\.name).filter { $0.hasPrefix(prefix) }
        .compactMap { name in Int(name.dropFirst(prefix.count)).map { (number: $0, name: name) } }
        .sorted { $0.number < $1.number }
      let expected = layers.filter { $0.kind == kind }.inOrderOfCreation
      guard found.count == expected.count else {
        throw .model(reason: "\(found.count) layers \"\(prefix)...\", expected \(expected.count)")
      }
      for (layer, (_, name)) in zip(expected, found) { names[layer.fileLayer] = name }
    }
    return names
  }
}

extension [WeightedLayer] {
  fileprivate var inOrderOfCreation: Self {
    var result: Self = []
    for layer in self {
      let block = layer.name.prefix { $0 != "_" }
      let start = result.firstIndex { $0.name.prefix { $0 != "_" } == block } ?? result.endIndex
      result.insert(layer, at: layer.isShortcut ? start : result.endIndex)
    }
    return result
  }
}

extension String {
  /// Whether it is the name that Keras gives a layer of this kind without one: the kind, or the kind and a number.
  fileprivate func hasNumberedName(_ kind: String) -> Bool {
    self == kind || hasPrefix(kind + "_") && Int(dropFirst(kind.count + 1)) != nil
  }
}
