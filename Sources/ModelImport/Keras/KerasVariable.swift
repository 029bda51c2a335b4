/// A variable of a layer, with the names that versions of Keras gave it.
struct KerasVariable: Sendable {
  var names: [String]
  /// Whether training changes it: Keras lists the variables that it does not change last.
  var isTrainable = true

  static let kernel = KerasVariable(names: ["kernel", "W"])
  static let bias = KerasVariable(names: ["bias", "b"])
  /// `DepthwiseConv2D` calls it `kernel` in Keras 3.
  static let depthwiseKernel = KerasVariable(names: ["depthwise_kernel", "kernel"])
  static let pointwiseKernel = KerasVariable(names: ["pointwise_kernel"])
  static let gamma = KerasVariable(names: ["gamma"])
  static let beta = KerasVariable(names: ["beta"])
  static let movingMean = KerasVariable(names: ["moving_mean", "running_mean"], isTrainable: false)
  /// Keras 1's `running_std` holds the variance.
  static let movingVariance = KerasVariable(names: ["moving_variance", "running_std"], isTrainable: false)
  static let mean = KerasVariable(names: ["mean"], isTrainable: false)
  static let variance = KerasVariable(names: ["variance"], isTrainable: false)
  static let count = KerasVariable(names: ["count"], isTrainable: false)
  static let alpha = KerasVariable(names: ["alpha", "alphas"])
  static let layerScale = KerasVariable(names: ["gamma", "variable", "Variable"])
}

/// A layer of a model with its variables, and where a file has them.
struct KerasWeightedLayer {
  /// The layer's name with those of the models around it: the key of its arrays, and for messages.
  var path: String
  /// Its own name; nil where Keras numbered it, so that it means nothing.
  var name: String?
  /// Its group in a `.keras` file, such as `layers/functional/layers/conv2d_1`.
  var storage: String
  /// The layer of the outermost model that holds it: itself, or a nested model.
  var topLayer: String
  /// Nil where it may have some that inference does not need (a random generator's state) or that are not known.
  var variables: [KerasVariable]?
  var isTrainable: Bool
}

extension KerasModel {
  /// All layers but models and inputs, those of nested models in their places.
  ///
  /// - Parameter storage: The group of the outermost model in a `.keras` file; nil for other files.
  func weightedLayers(storage: KerasGroup?) throws(ImportError) -> [KerasWeightedLayer] {
    try weightedLayers(prefix: "", storage: storage, path: "", topLayer: nil, depth: 0)
  }

  private func weightedLayers(
    prefix: String, storage: KerasGroup?, path: String, topLayer: String?, depth: Int
  ) throws(ImportError) -> [KerasWeightedLayer] {
    guard depth <= 16 else { throw .model(reason: "\"\(name)\": models are nested more than 16 deep") }
    // Keras 2.12 to 2.14 reach each layer twice, by another list, where it has weights, and number both.
    let dependencies = "_layer_checkpoint_dependencies"
    let countsTwice = storage?.groups[dependencies] != nil
    let list = countsTwice ? dependencies : "layers"
    var counts: [String: Int] = [:]
    var result: [KerasWeightedLayer] = []
    for layer in layers {
      let kind = Keras3Weights.storageName(ofClass: layer.className)
      let number = counts[kind, default: 0]
      let group = number == 0 ? kind : "\(kind)_\(number)"
      let layerPath = path + list + "/" + group
      var inner: [KerasWeightedLayer] = []
      if layer.isModel {
        inner = try KerasModel(layer.description).weightedLayers(
          prefix: prefix + layer.name + "/", storage: storage?.groups[list]?.groups[group], path: layerPath + "/",
          topLayer: topLayer ?? layer.name, depth: depth + 1)
        // In a model that is not trainable, no layer is trainable.
        if !layer.isTrainable { for index in inner.indices { inner[index].isTrainable = false } }
      } else {
        inner = [
          KerasWeightedLayer(
            path: prefix + layer.name, name: layer.name, storage: layerPath, topLayer: topLayer ?? layer.name,
            variables: try KerasLayerClass.named(layer)?.variables(of: layer), isTrainable: layer.isTrainable)
        ]
      }
      let hasWeights = inner.contains { $0.variables?.isEmpty == false }
      counts[kind] = number + (countsTwice && hasWeights ? 2 : 1)
      result += inner
    }
    return result
  }
}
