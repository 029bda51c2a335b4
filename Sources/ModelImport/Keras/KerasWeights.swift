/// The arrays of each layer of a model, in the order of its variables, by the layer's path.
typealias KerasArrays = [String: [NamedArray]]

/// The weights of a Keras model, in the layout of one kind of file.
protocol KerasWeights {
  /// The outermost group where a layer's place in the model tells its place in the file; nil where its name does.
  var storage: KerasGroup? { get }

  /// Finds all arrays of all layers.
  ///
  /// - Throws: Where one is missing, or is there but belongs to no layer.
  func arrays(of layers: [KerasWeightedLayer]) throws(ImportError) -> KerasArrays
}

/// The layout of `.keras` files: `layers/<class>[_k]/vars/<i>`, k counting the layers of a class in their model's order.
struct Keras3Weights: KerasWeights {
  let root: KerasGroup

  init(_ root: KerasGroup) { self.root = root }

  var storage: KerasGroup? { root }

  func arrays(of layers: [KerasWeightedLayer]) throws(ImportError) -> KerasArrays {
    var result: KerasArrays = [:]
    var known: Set<String> = []
    for layer in layers {
      guard let variables = layer.variables else {
        known.formUnion(root.group(at: layer.storage)?.allArrays.map(\.name) ?? [])
        continue
      }
      let arrays = variables.isEmpty ? [] : try self.arrays(of: layer, count: variables.count)
      known.formUnion(arrays.map(\.name))
      result[layer.path] = arrays
    }
    for array in root.allArrays where !known.contains(array.name) && !array.isGeneratorState {
      throw .weights(layer: array.name, reason: "surplus: no layer of the model has this array")
    }
    return result
  }

  private func arrays(of layer: KerasWeightedLayer, count: Int) throws(ImportError) -> [NamedArray] {
    let path = layer.storage + "/vars"
    guard let group = root.group(at: path) else {
      throw .weights(layer: layer.path, reason: "missing: the file has no \"\(path)\"")
    }
    if let name = group.attributes["name"]?.first, let expected = layer.name, name != expected {
      throw .weights(layer: layer.path, reason: "\"\(path)\" is named \"\(name)\", expected \"\(expected)\"")
    }
    guard group.arrays.count == count else {
      throw .weights(layer: layer.path, reason: "\"\(path)\" holds \(group.arrays.count) arrays, expected \(count)")
    }
    var arrays: [NamedArray] = []
    for index in 0..<count {
      guard let array = group.arrays["\(index)"] else {
        throw .weights(layer: layer.path, reason: "missing: the file has no \"\(path)/\(index)\"")
      }
      arrays.append(array)
    }
    return arrays
  }

  /// Keras's `to_snake_case`: `SeparableConv2D` is `separable_conv2d`, `ReLU` is `re_lu`.
  static func storageName(ofClass name: String) -> String {
    let letters = name.unicodeScalars.filter {
      $0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "_"
    }
    let scalars = Array(letters)
    var result = ""
    for (index, scalar) in scalars.enumerated() {
      if index > 0, scalar.properties.isUppercase {
        let startsWord = index + 1 < scalars.count && scalars[index + 1].properties.isLowercase
        if startsWord || scalars[index - 1].properties.isLowercase { result += "_" }
      }
      result += scalar.properties.lowercaseMapping
    }
    return result
  }
}

extension NamedArray {
  /// Whether it is the state of a random generator, which dropout and augmentation have and inference does not need.
  var isGeneratorState: Bool {
    name.split(separator: "/").contains { part in
      ["seed_generator", "seed_generator_state", "StateVar", "_random_generator"].contains { part.hasPrefix($0) }
    }
  }
}
