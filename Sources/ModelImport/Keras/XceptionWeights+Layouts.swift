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
    var known: Set<String> = []
    for (prefix, kind) in kinds {
      var index = 0
      while let group = groups[index == 0 ? prefix : "\(prefix)_\(index)"] {
        let storage = "layers/" + (index == 0 ? prefix : "\(prefix)_\(index)")
        let vars = group.groups["vars"]
        var arrays: [NamedArray] = []
        while let array = vars?.arrays["\(arrays.count)"] { arrays.append(array) }
        known.formUnion(arrays.map(\.name))
        layers.append(Layer(path: storage, name: vars?.attributes["name"]?.first, kind: kind, datasets: arrays))
        index += 1
      }
    }
    for array in root.allArrays where !known.contains(array.name) {
      throw .weights(layer: array.name, reason: "surplus: no layer of the model has this array")
    }
  }

  /// A group for each layer: Keras 2's and 3's names in the order of `layer_names`, or Keras 1's numbered names.
  init(legacy root: KerasGroup) throws(ImportError) {
    let weights = try LegacyWeights(root)
    let isKeras1 = weights.layers.contains { $0.name.hasPrefix("separableconvolution2d_") }
    order = isKeras1 ? .creation : .layers
    layers = []
    for layer in weights.layers where !layer.variables.isEmpty {
      let (kind, variables) = try Self.kind(of: layer)
      let arrays = variables.compactMap { variable in
        layer.variables.first { variable.names.contains($0.name) }?.array
      }
      guard arrays.count == layer.variables.count, arrays.count == variables.count else {
        throw .weights(
          layer: layer.name, reason: "\(layer.variables.count) arrays, expected "
            + variables.map { $0.names[0] }.joined(separator: ", "))
      }
      layers.append(Layer(path: layer.name, name: layer.name, kind: kind, datasets: arrays))
    }
    if isKeras1 { try sortByNumber() }
  }

  /// A layer's kind by the names of its variables, and those names in Keras's order.
  private static func kind(of layer: LegacyWeights.Layer) throws(ImportError) -> (Kind, [KerasVariable]) {
    func has(_ variable: KerasVariable) -> Bool { layer.variables.contains { variable.names.contains($0.name) } }
    let bias = has(.bias) ? [KerasVariable.bias] : []
    if has(.pointwiseKernel) {
      return (.separableConvolution, [.depthwiseKernel, .pointwiseKernel] + bias)
    }
    if has(.gamma) {
      return (
        .batchNormalization, [.gamma, .beta, .movingMean, .movingVariance]
      )
    }
    if let kernel = layer.variables.first(where: { KerasVariable.kernel.names.contains($0.name) }) {
      return (kernel.array.dimensions.count == 2 ? .dense : .convolution, [.kernel] + bias)
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
