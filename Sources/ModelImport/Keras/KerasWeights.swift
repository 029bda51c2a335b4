/// Where a layer's variables are in a Keras weights file.
struct WeightAddress {
  /// The layer's name with those of the models around it, for messages.
  var layer: String
  /// Its group in a Keras 3 file, such as `layers/functional/layers/conv2d_1`.
  var storage: String
  /// Its own name.
  var name: String
  /// The layer of the outermost model that holds it: itself, or the nested model.
  var topLayer: String
}

/// The names of a variable in the versions of Keras.
enum VariableName {
  static let kernel = ["kernel", "W"]
  static let bias = ["bias", "b"]
  /// `DepthwiseConv2D` calls it `kernel` in Keras 3.
  static let depthwiseKernel = ["depthwise_kernel", "kernel"]
  static let pointwiseKernel = ["pointwise_kernel"]
  static let gamma = ["gamma"]
  static let beta = ["beta"]
  static let mean = ["moving_mean", "running_mean", "mean"]
  /// Keras 1's `running_std` holds the variance.
  static let variance = ["moving_variance", "running_std", "variance"]
  static let count = ["count"]
}

/// The weights of a Keras model, each to be taken once.
protocol KerasWeights {
  /// A layer's variables, in the order of `names`; each element lists what one variable may be called.
  mutating func take(_ address: WeightAddress, _ names: [[String]]) throws(ImportError) -> [NamedArray]
  /// Throws where a variable was not taken.
  func checkNothingIsLeft() throws(ImportError)
}

/// Keras 3's layout: `layers/<class>[_k]/vars/<i>`, k counting the layers of a class in their model's order.
struct Keras3Weights: KerasWeights {
  let root: KerasGroup
  private var taken: Set<String> = []

  init(_ root: KerasGroup) { self.root = root }

  mutating func take(_ address: WeightAddress, _ names: [[String]]) throws(ImportError) -> [NamedArray] {
    let path = address.storage + "/vars"
    guard let group = root.group(at: path) else {
      throw .weights(layer: address.layer, reason: "missing: the file has no \"\(path)\"")
    }
    if let name = group.attributes["name"]?.first, name != address.name {
      throw .weights(layer: address.layer, reason: "\"\(path)\" is named \"\(name)\", expected \"\(address.name)\"")
    }
    guard group.arrays.count == names.count else {
      throw .weights(
        layer: address.layer, reason: "\"\(path)\" holds \(group.arrays.count) arrays, expected \(names.count)")
    }
    var datasets: [NamedArray] = []
    for index in names.indices {
      guard let dataset = group.arrays["\(index)"] else {
        throw .weights(layer: address.layer, reason: "missing: the file has no \"\(path)/\(index)\"")
      }
      taken.insert(dataset.name)
      datasets.append(dataset)
    }
    return datasets
  }

  func checkNothingIsLeft() throws(ImportError) {
    // The state of a dropout layer's random generator is no weight.
    for dataset in root.allArrays
    where !taken.contains(dataset.name) && !dataset.name.split(separator: "/").contains("seed_generator") {
      throw .weights(layer: dataset.name, reason: "surplus: no layer of the model has this array")
    }
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

/// The layout of Keras 1, 2 and of 3's `.h5` files: a group for each layer, whose attribute `weight_names` lists its arrays.
struct LegacyWeights: KerasWeights {
  /// A layer's variables by name, without a suffix `:0` and the layer's name.
  struct Layer {
    var name: String
    var variables: [(name: String, parent: String?, dataset: NamedArray)]
  }

  let root: KerasGroup
  /// In the order of the attribute `layer_names`.
  let layers: [Layer]
  private var taken: Set<String> = []

  /// - Parameter root: The group with the attribute `layer_names`.
  init(_ root: KerasGroup) throws(ImportError) {
    self.root = root
    guard let names = Self.names("layer_names", of: root) else {
      throw .hdf5(path: "/", reason: "has no attribute layer_names")
    }
    var layers: [Layer] = []
    for name in names {
      guard let group = root.groups[name], let weightNames = Self.names("weight_names", of: group) else {
        throw .weights(layer: name, reason: "missing: the file has no group of this name with weight_names")
      }
      var layer = Layer(name: name, variables: [])
      for weightName in weightNames {
        guard let dataset = group.array(at: weightName) else {
          throw .weights(layer: name, reason: "missing: the file lists \"\(weightName)\" but does not have it")
        }
        let parts = weightName.split(separator: "/").map(String.init)
        layer.variables.append((Self.variable(parts.last ?? "", of: name), parts.dropLast().last, dataset))
      }
      layers.append(layer)
    }
    self.layers = layers
  }

  static func isLegacy(_ root: KerasGroup) -> Bool { names("layer_names", of: root) != nil }

  mutating func take(_ address: WeightAddress, _ names: [[String]]) throws(ImportError) -> [NamedArray] {
    guard let layer = layers.first(where: { $0.name == address.topLayer }) else {
      throw .weights(layer: address.layer, reason: "missing: layer_names has no \"\(address.topLayer)\"")
    }
    let isNested = address.topLayer != address.name || address.layer != address.name
    let own = layer.variables.filter { !isNested || $0.parent == address.name }
    var datasets: [NamedArray] = []
    for alternatives in names {
      let found = own.filter { alternatives.contains($0.name) }
      guard found.count == 1 else {
        throw .weights(
          layer: address.layer,
          reason: found.isEmpty ? "missing: no \(alternatives[0])" : "\(found.count) arrays named \(alternatives[0])")
      }
      taken.insert(found[0].dataset.name)
      datasets.append(found[0].dataset)
    }
    return datasets
  }

  func checkNothingIsLeft() throws(ImportError) {
    for dataset in root.allArrays where !taken.contains(dataset.name) {
      throw .weights(layer: dataset.name, reason: "surplus: no layer of the model has this array")
    }
  }

  /// `kernel` from `kernel:0`, `gamma` from `batchnormalization_3_gamma:0`.
  private static func variable(_ component: String, of layer: String) -> String {
    let name = component.split(separator: ":").first.map(String.init) ?? component
    return name.hasPrefix(layer + "_") ? String(name.dropFirst(layer.count + 1)) : name
  }

  /// A list of names, which Keras splits over attributes numbered from 0 where it exceeds HDF5's 64 KB.
  private static func names(_ attribute: String, of group: KerasGroup) -> [String]? {
    if let names = group.attributes[attribute] { return names }
    var names: [String] = []
    var part = 0
    while let more = group.attributes["\(attribute)\(part)"] {
      names += more
      part += 1
    }
    return part == 0 ? nil : names
  }
}
