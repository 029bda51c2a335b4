import ModelGraph

/// The three layouts of weights without a network.
extension XceptionWeights {
  /// Keras 3's `.weights.h5`: `layers/<class>[_k]/vars/<i>`, k in the order of layers.
  init(keras3 root: KerasGroup) throws(ImportError) {
    order = .layers
    layers = []
    let kinds: [(prefix: String, kind: Kind)] = [
      ("conv2d", .convolution), ("separable_conv2d", .separableConvolution),
      ("batch_normalization", .batchNormalization), ("dense", .dense),
    ]
    let groups = root.groups["layers"]?.groups ?? [:]
    var weights = Keras3Weights(root)
    for (prefix, kind) in kinds {
      var index = 0
      while let group = groups[index == 0 ? prefix : "\(prefix)_\(index)"] {
        let storage = "layers/" + (index == 0 ? prefix : "\(prefix)_\(index)")
        let vars = group.groups["vars"]
        let name = vars?.attributes["name"]?.first
        let address = WeightAddress(layer: storage, storage: storage, name: name ?? "", topLayer: name ?? "")
        let datasets = try weights.take(address, Array(repeating: [], count: vars?.arrays.count ?? 0))
        layers.append(Layer(path: storage, name: name, kind: kind, datasets: datasets))
        index += 1
      }
    }
    try weights.checkNothingIsLeft()
  }

  /// A group for each layer: Keras 2's and 3's names in the order of `layer_names`, or Keras 1's numbered names.
  init(legacy root: KerasGroup) throws(ImportError) {
    var weights = try LegacyWeights(root)
    let isKeras1 = weights.layers.contains { $0.name.hasPrefix("separableconvolution2d_") }
    order = isKeras1 ? .creation : .layers
    layers = []
    for layer in weights.layers where !layer.variables.isEmpty {
      let (kind, names) = try Self.kind(of: layer)
      let address = WeightAddress(layer: layer.name, storage: "", name: layer.name, topLayer: layer.name)
      layers.append(
        Layer(path: layer.name, name: layer.name, kind: kind, datasets: try weights.take(address, names)))
    }
    try weights.checkNothingIsLeft()
    if isKeras1 { try sortByNumber() }
  }

  /// A layer's kind by the names of its variables, and those names in Keras's order.
  private static func kind(of layer: LegacyWeights.Layer) throws(ImportError) -> (Kind, [[String]]) {
    func has(_ names: [String]) -> Bool { layer.variables.contains { names.contains($0.name) } }
    let bias = has(VariableName.bias) ? [VariableName.bias] : []
    if has(VariableName.pointwiseKernel) {
      return (.separableConvolution, [VariableName.depthwiseKernel, VariableName.pointwiseKernel] + bias)
    }
    if has(VariableName.gamma) {
      return (
        .batchNormalization, [VariableName.gamma, VariableName.beta, VariableName.mean, VariableName.variance]
      )
    }
    if let kernel = layer.variables.first(where: { VariableName.kernel.contains($0.name) }) {
      return (kernel.dataset.dimensions.count == 2 ? .dense : .convolution, [VariableName.kernel] + bias)
    }
    throw .weights(layer: layer.name, reason: "of a layer that Xception does not have")
  }

  /// Orders the layers by the number at the end of their names.
  private mutating func sortByNumber() throws(ImportError) {
    var numbered: [(number: Int, layer: Layer)] = []
    for layer in layers {
      guard let digits = layer.path.split(separator: "_").last, let number = Int(digits) else {
        throw .weights(layer: layer.path, reason: "its name ends in no number, unlike Keras 1's")
      }
      numbered.append((number, layer))
    }
    // Layers of different kinds share numbers; only the order within a kind counts.
    layers = numbered.sorted { $0.number < $1.number }.map(\.layer)
  }
}
