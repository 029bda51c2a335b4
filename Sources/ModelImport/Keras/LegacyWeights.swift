/// The layout of Keras 1, 2 and of 3's `.h5` files: a group for each layer of the outermost model, whose attribute
/// `weight_names` lists its arrays, those of nested models among them.
struct LegacyWeights: KerasWeights {
  struct Variable {
    /// Without a suffix `:0` and the layer's name: `kernel`.
    var name: String
    /// What precedes it: `model/block1_conv1` or nothing.
    var scope: String
    var array: NamedArray
  }

  /// A layer of the outermost model.
  struct Layer {
    var name: String
    var variables: [Variable]
  }

  /// In the order of the attribute `layer_names`.
  private(set) var layers: [Layer]
  private let all: [NamedArray]

  var storage: KerasGroup? { nil }

  /// - Parameter root: The group with the attribute `layer_names`.
  init(_ root: KerasGroup) throws(ImportError) {
    guard let names = Self.names("layer_names", of: root) else {
      throw .hdf5(path: "/", reason: "has no attribute layer_names")
    }
    var layers: [Layer] = []
    for name in names {
      guard let group = root.group(at: name), let weightNames = Self.names("weight_names", of: group) else {
        throw .weights(layer: name, reason: "missing: the file has no group of this name with weight_names")
      }
      var layer = Layer(name: name, variables: [])
      for weightName in weightNames {
        guard let array = group.array(at: weightName) else {
          throw .weights(layer: name, reason: "missing: the file lists \"\(weightName)\" but does not have it")
        }
        let parts = weightName.split(separator: "/").map(String.init)
        layer.variables.append(
          Variable(
            name: Self.variable(parts.last ?? "", of: name), scope: parts.dropLast().joined(separator: "/"),
            array: array))
      }
      layers.append(layer)
    }
    self.layers = layers
    all = root.allArrays
  }

  /// The layers that have weights.
  var weighted: [Layer] {
    layers.filter { layer in layer.variables.contains { !$0.array.isGeneratorState } }
  }

  static func isLegacy(_ root: KerasGroup) -> Bool { names("layer_names", of: root) != nil }

  func arrays(of layers: [KerasWeightedLayer]) throws(ImportError) -> KerasArrays {
    var result: KerasArrays = [:]
    var known: Set<String> = []
    for (top, members) in Dictionary(grouping: layers, by: \.topLayer).sorted(by: { $0.key < $1.key }) {
      let found = try arrays(of: members, in: top)
      known.formUnion(found.known)
      result.merge(found.arrays) { first, _ in first }
    }
    for array in all where !known.contains(array.name) && !array.isGeneratorState {
      throw .weights(layer: array.name, reason: "surplus: no layer of the model has this array")
    }
    return result
  }

  private func arrays(
    of members: [KerasWeightedLayer], in top: String
  ) throws(ImportError) -> (arrays: KerasArrays, known: [String]) {
    let variables = layers.first { $0.name == top }?.variables ?? []
    // The arrays of a layer with unknown variables cannot be told from those of others in one group.
    if members.contains(where: { $0.variables == nil }), members.allSatisfy({ $0.variables?.isEmpty ?? true }) {
      return ([:], variables.map(\.array.name))
    }
    let needed = members.filter { $0.variables?.isEmpty == false }
    let present = variables.filter { !$0.array.isGeneratorState }
    if let first = needed.first, present.isEmpty {
      throw .weights(layer: first.path, reason: "missing: layer_names has no \"\(top)\" with weights")
    }
    let arrays: KerasArrays
    if let found = byName(needed, present) { arrays = found } else { arrays = try byOrder(needed, present) }
    return (arrays, arrays.values.flatMap { $0.map(\.name) })
  }

  /// The arrays by the names of layers and variables; nil where these are not those of the model, or not unique.
  private func byName(_ layers: [KerasWeightedLayer], _ variables: [Variable]) -> KerasArrays? {
    var result: KerasArrays = [:]
    var byName: [String: [Variable]] = [:]
    for variable in variables { byName[variable.name, default: []].append(variable) }
    for layer in layers {
      let isAlone = layers.count == 1
      var arrays: [NamedArray] = []
      for variable in layer.variables ?? [] {
        let found = variable.names.flatMap { byName[$0] ?? [] }.filter {
          isAlone || $0.scope == layer.name || $0.scope.hasSuffix("/" + (layer.name ?? ""))
        }
        guard found.count == 1 else { return nil }
        arrays.append(found[0].array)
      }
      result[layer.path] = arrays
    }
    return Set(result.values.joined().map(\.name)).count == variables.count ? result : nil
  }

  /// The arrays by their order, as Keras itself assigns them: first those that are trained, then the rest, each layer
  /// by layer.
  private func byOrder(_ layers: [KerasWeightedLayer], _ variables: [Variable]) throws(ImportError) -> KerasArrays {
    var places: [(layer: KerasWeightedLayer, index: Int, variable: KerasVariable)] = []
    for isTrained in [true, false] {
      for layer in layers {
        for (index, variable) in (layer.variables ?? []).enumerated()
        where (layer.isTrainable && variable.isTrainable) == isTrained { places.append((layer, index, variable)) }
      }
    }
    guard places.count == variables.count else {
      let first = layers.first
      let missing = layers.lazy.flatMap { layer in (layer.variables ?? []).map { (layer, $0) } }.first {
        layer, variable in
        !variables.contains {
          variable.names.contains($0.name) && (layers.count == 1 || $0.scope.hasSuffix(layer.name ?? ""))
        }
      }
      throw .weights(
        layer: missing?.0.path ?? first?.path ?? "",
        reason: missing.map { "missing: no \($0.1.names[0])" }
          ?? "\(variables.count) arrays in \"\(first?.topLayer ?? "")\", expected \(places.count)")
    }
    var result: KerasArrays = [:]
    for layer in layers { result[layer.path] = [] }
    var ordered: [String: [(index: Int, array: NamedArray)]] = [:]
    for (place, variable) in zip(places, variables) {
      guard place.variable.names.contains(where: { variable.name == $0 || variable.name.hasPrefix($0 + "_") }) else {
        throw .weights(
          layer: place.layer.path,
          reason: "\"\(variable.array.name)\" in the place of its \(place.variable.names[0])")
      }
      ordered[place.layer.path, default: []].append((place.index, variable.array))
    }
    for (path, arrays) in ordered { result[path] = arrays.sorted { $0.index < $1.index }.map(\.array) }
    return result
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
