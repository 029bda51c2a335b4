import ModelGraph

extension XceptionNetwork {
  /// A layer of Keras that has weights.
  package struct WeightedLayer: Hashable, Sendable {
    package enum Kind: Hashable, Sendable, CaseIterable {
      case convolution, separableConvolution, batchNormalization, dense
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

    /// Keras's name, and `block2_shortcut`, `block2_shortcut_bn` for what it numbers automatically.
    package var name: String
    package var kind: Kind
    /// In the order of Keras's `layer.weights`: kernel, bias; depthwise kernel, pointwise kernel; gamma, beta, mean, variance.
    package var weights: [Weight]

    /// Whether the layer is on a shortcut. Keras creates (and Keras 1 numbered) the shortcut of blocks 2, 3, 4 and 13 before the
    /// main path of its block.
    package var isShortcut: Bool { name.hasSuffix("_shortcut") || name.hasSuffix("_shortcut_bn") }
  }

  /// The layers with weights in the order of Keras's `model.layers` and of `layer_names` in its files.
  ///
  /// In blocks 2, 3, 4 and 13 the shortcut's convolution and then its normalization follow all of the main path's.
  /// - Throws: `GraphError`, as `graph(weights:)`.
  package func weightedLayers() throws -> [WeightedLayer] {
    let graph = try graph { node, role, dimensions in
      Tensor(name: "\(node)/\(role)", dimensions: dimensions, elementType: .float32, contents: NoContents())
    }
    var layers: [WeightedLayer] = []
    for node in graph.nodes {
      let weights = try graph.requiredParameters(of: node).map {
        WeightedLayer.Weight(node: node.name, role: $0.role, dimensions: $0.dimensions)
      }
      guard !weights.isEmpty else { continue }
      let name = String(node.name.prefix { $0 != "/" })
      if layers.last?.name == name {
        layers[layers.count - 1].weights += weights
      } else {
        layers.append(WeightedLayer(name: name, kind: Self.kind(of: node), weights: weights))
      }
    }
    return layers
  }

  private static func kind(of node: Node) -> WeightedLayer.Kind {
    switch node.operation {
    case .dense: .dense
    case .batchNormalization: .batchNormalization
    default: node.name.contains("/") ? .separableConvolution : .convolution
    }
  }
}

/// The contents of a tensor of which only the dimensions matter.
private struct NoContents: TensorContents {
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    try unsafe body(UnsafeRawBufferPointer(start: nil, count: 0))
  }
}
