import ModelGraph

/// A layer of Keras that has weights.
package struct WeightedLayer: Hashable, Sendable {
  package enum Kind: Hashable, Sendable, CaseIterable {
    case convolution, separableConvolution, batchNormalization, dense

    /// What Keras calls such a layer that is given no name.
    fileprivate var kerasName: String {
      switch self {
      case .convolution: "conv2d"
      case .separableConvolution: "separable_conv2d"
      case .batchNormalization: "batch_normalization"
      case .dense: "dense"
      }
    }
  }

  /// One array of a layer.
  package struct Weight: Hashable, Sendable {
    /// The node of the graph that reads it.
    package var node: String
    package var role: ParameterRole
    /// As the graph wants it. Keras stores a depthwise kernel, here 3 x 3 x 1 x C, as 3 x 3 x C x 1: the same values in the
    /// same order.
    package var dimensions: [Int]
  }

  /// Keras's name, or for what it numbers automatically one that says where the layer is.
  package var name: String
  package var kind: Kind
  /// Of a layer that Keras numbers automatically, how many such layers of its kind were made before it; a file that was not
  /// the first of its process counts from a higher number on.
  package var number: Int?
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
    let network = try build { node, role, dimensions in
      Tensor(name: "\(node)/\(role)", dimensions: dimensions, elementType: .float32, contents: NoContents())
    }
    var layers: [String: WeightedLayer] = [:]
    var made: [WeightedLayer.Kind: Int] = [:]
    for node in network.graph.nodes where !node.parameters.isEmpty {
      let name = node.kerasLayer
      let kind = node.weightedKind
      let weights = try network.graph.requiredParameters(of: node).map {
        WeightedLayer.Weight(node: node.name, role: $0.role, dimensions: $0.dimensions)
      }
      var number: Int?
      if network.numbered.contains(name) {
        number = made[kind, default: 0]
        made[kind, default: 0] += 1
      }
      layers[name, default: WeightedLayer(name: name, kind: kind, number: number, weights: [])].weights += weights
    }
    return network.graph.kerasLayers().compactMap { layers[$0] }
  }
}

extension Node {
  /// The layer of Keras that the node is a part of.
  fileprivate var kerasLayer: String { String(name.prefix { $0 != "/" }) }

  fileprivate var weightedKind: WeightedLayer.Kind {
    switch operation {
    case .dense: .dense
    case .batchNormalization: .batchNormalization
    default: name.contains("/") ? .separableConvolution : .convolution
    }
  }
}

extension Graph {
  /// The layers in the order in which Keras sorts those of a functional model: by their distance from the output, the
  /// longest way counted, and among equals as a search that starts at the output comes upon them.
  fileprivate func kerasLayers() -> [String] {
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
      let distance = distances[layer, default: 0]
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
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    try unsafe body(UnsafeRawBufferPointer(start: nil, count: 0))
  }
}
