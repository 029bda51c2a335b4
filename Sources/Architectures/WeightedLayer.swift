import ModelGraph

/// A layer of Keras that has weights.
package struct WeightedLayer: Hashable, Sendable {
  package enum Kind: Hashable, Sendable, CaseIterable {
    case convolution, depthwiseConvolution, separableConvolution, batchNormalization, layerNormalization, layerScale
    case dense
    /// Of the pixels, before the first convolution: its weights are not the graph's.
    case inputNormalization

    /// What Keras calls such a layer that is given no name, and its group in a `.weights.h5` file.
    package var kerasName: String {
      switch self {
      case .convolution: "conv2d"
      case .depthwiseConvolution: "depthwise_conv2d"
      case .separableConvolution: "separable_conv2d"
      case .batchNormalization: "batch_normalization"
      case .layerNormalization: "layer_normalization"
      case .layerScale: "layer_scale"
      case .dense: "dense"
      case .inputNormalization: "normalization"
      }
    }
  }

  /// One array of a layer.
  package struct Weight: Hashable, Sendable {
    /// The node of the graph that reads it.
    package var node: String
    package var role: ParameterRole
    /// As the graph wants it.
    package var dimensions: [Int]
    /// As Keras stores it: the same values in the same order. A depthwise kernel, here 3 x 3 x 1 x CM, is 3 x 3 x C x M there.
    package var kerasDimensions: [Int]
  }

  /// Keras's name, or for what it numbers automatically one that says where the layer is.
  package var name: String
  package var kind: Kind
  /// Of a layer that Keras numbers automatically, how many such layers of its kind were made before it; a file that was not
  /// the first of its process counts from a higher number on.
  package var number: Int?
  /// The `Sequential` that the layer is in, which the model has in its place.
  package var container: String? = nil
  /// In the order of Keras's `layer.weights`: kernel, bias; depthwise kernel, pointwise kernel; gamma, beta, mean, variance.
  package var weights: [Weight]

  /// Keras's name, in a process that makes this network first: `conv2d_3`.
  package var kerasName: String {
    guard let number else { return name }
    return kind.kerasName + (number == 0 ? "" : "_\(number)")
  }

  /// Whether the layer is on a shortcut of Xception. Keras creates (and Keras 1 numbered) the shortcut of blocks 2, 3, 4 and 13
  /// before the main path of its block.
  package var isShortcut: Bool { name.hasSuffix("_shortcut") || name.hasSuffix("_shortcut_bn") }
}

extension Architecture {
  package typealias WeightedLayer = Architectures.WeightedLayer

  /// The layers with weights in the order of Keras's `model.layers` and of `layer_names` in its files.
  ///
  /// - Throws: `GraphError`, as `graph(weights:)`.
  package func weightedLayers() throws -> [WeightedLayer] {
    let (graph, keras) = try build(weights: NoContents.tensor)
    var layers = try graph.weightedLayers(keras)
    if pixelScaling == .normalized { layers.insert(.inputNormalization(channels: input.channels), at: 0) }
    return layers
  }
}

extension Architecture {
  /// Whether each layer with weights reads what the one before it in Keras's order computed, so that no two lie side by side.
  package func isChain() throws -> Bool {
    let (graph, keras) = try build(weights: NoContents.tensor)
    let order = try graph.weightedLayers(keras).map(\.name)
    // The last layer with weights on the way to each node, where all others are before it.
    var furthest: [Int] = []
    for node in graph.nodes {
      let inputs = node.inputs.map { furthest[$0] }
      guard let place = order.firstIndex(of: node.kerasLayer) else {
        furthest.append(inputs.max() ?? -1)
        continue
      }
      let before = inputs.max() ?? -1
      guard before == place - 1 || before == place else { return false }
      furthest.append(place)
    }
    return true
  }
}

extension Graph {
  fileprivate func weightedLayers(_ keras: KerasModelFacts) throws -> [WeightedLayer] {
    var layers: [String: WeightedLayer] = [:]
    var made: [WeightedLayer.Kind: Int] = [:]
    for node in nodes where !node.parameters.isEmpty {
      let name = node.kerasLayer
      let kind = keras.kinds[name] ?? node.weightedKind
      let fixed = keras.fixed[node.name] ?? []
      let weights = try requiredParameters(of: node).filter { !fixed.contains($0.role) }.map {
        WeightedLayer.Weight(
          node: node.name, role: $0.role, dimensions: $0.dimensions,
          kerasDimensions: $0.role == .kernel ? kind.stored($0.dimensions, of: node) : $0.dimensions)
      }
      guard !weights.isEmpty else { continue }
      var number: Int?
      if keras.numbered.contains(name) {
        number = made[kind, default: 0]
        made[kind, default: 0] += 1
      }
      let layer = WeightedLayer(
        name: name, kind: kind, number: number, container: keras.containers[name], weights: [])
      layers[name, default: layer].weights += weights
    }
    return kerasLayers(padded: keras.padded).compactMap { layers[$0] }
  }
}

extension WeightedLayer {
  /// Keras's `Normalization`: a mean, a variance, and how many values they were counted from.
  fileprivate static func inputNormalization(channels: Int) -> WeightedLayer {
    WeightedLayer(
      name: "normalization", kind: .inputNormalization, number: 0,
      weights: [(ParameterRole.mean, [channels]), (.variance, [channels]), (.values, [])].map {
        Weight(node: "normalization", role: $0.0, dimensions: $0.1, kerasDimensions: $0.1)
      })
  }
}

extension WeightedLayer.Kind {
  /// The dimensions that Keras gives a kernel.
  fileprivate func stored(_ kernel: [Int], of node: Node) -> [Int] {
    switch self {
    case .depthwiseConvolution: [kernel[0], kernel[1], kernel[3] / node.kernelsOfGroup, node.kernelsOfGroup]
    case .separableConvolution where node.name.hasSuffix("/depthwise"): [kernel[0], kernel[1], kernel[3], kernel[2]]
    case .dense: kernel.suffix(2)
    case .convolution where kernel.count == 2: [1, 1] + kernel
    default: kernel
    }
  }
}

extension Node {
  /// The layer of Keras that the node is a part of.
  fileprivate var kerasLayer: String { String(name.prefix { $0 != "/" }) }

  fileprivate var kernelsOfGroup: Int {
    guard case .convolution(let convolution) = operation else { return 1 }
    return convolution.outputChannels / convolution.groups
  }

  fileprivate var weightedKind: WeightedLayer.Kind {
    switch operation {
    case .dense: .dense
    case .batchNormalization: .batchNormalization
    case .layerNormalization: .layerNormalization
    default: name.contains("/") ? .separableConvolution : .convolution
    }
  }
}

extension Graph {
  /// The layers in the order in which Keras sorts those of a functional model: by their distance from the output, the
  /// longest way counted, and among equals as a search that starts at the output comes upon them.
  ///
  /// - Parameter padded: Layers before which there is one more.
  fileprivate func kerasLayers(padded: Set<String>) -> [String] {
    var inputs: [String: [String]] = [:]
    for node in nodes {
      let layer = node.kerasLayer
      inputs[layer, default: []] += node.inputs.map { nodes[$0].kerasLayer }.filter { $0 != layer }
    }
    var places: [String: Int] = [:]
    var finished: [String] = []
    func visit(_ layer: String) {
      guard places[layer] == nil else { return }
      places[layer] = places.count
      for input in inputs[layer] ?? [] { visit(input) }
      finished.append(layer)
    }
    visit(nodes[nodes.count - 1].kerasLayer)
    var distances: [String: Int] = [:]
    for layer in finished.reversed() {
      let distance = distances[layer, default: 0] + (padded.contains(layer) ? 1 : 0)
      for input in inputs[layer] ?? [] { distances[input] = max(distances[input, default: 0], distance + 1) }
    }
    return finished.sorted {
      let (first, second) = (distances[$0, default: 0], distances[$1, default: 0])
      return first == second ? places[$0]! < places[$1]! : first > second
    }
  }
}

/// The contents of a tensor of which only the dimensions matter.
private struct NoContents: TensorContents {
  static func tensor(_ node: String, _ role: ParameterRole, _ dimensions: [Int]) -> Tensor {
    Tensor(name: "\(node)/\(role)", dimensions: dimensions, elementType: .float32, contents: NoContents())
  }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    try unsafe body(UnsafeRawBufferPointer(start: nil, count: 0))
  }
}
