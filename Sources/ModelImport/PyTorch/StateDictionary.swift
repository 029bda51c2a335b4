import ModelGraph

/// The weights of a network by their names, as PyTorch saves them: without the network itself.
struct StateDictionary {
  private(set) var arrays: [String: NamedArray] = [:]
  /// What was taken for a part of the network, or for none, by its name alone.
  private(set) var notes: [String] = []

  /// The prefixes that containers add to the network's own names.
  private static let prefixes = ["module.", "model.", "backbone.", "encoder.", "net.", "_orig_mod.", "network."]

  /// The beginnings of the names of a loss's own arrays, which a training module saves beside its network.
  private static let losses = ["criterion.", "loss.", "loss_fn.", "loss_function."]

  /// Training counters are left out, and so are prefixes that all names share, or all of a known network.
  init(_ arrays: [NamedArray], notes: [String] = []) throws(ImportError) {
    self.notes = notes
    var arrays = arrays.filter { !$0.name.hasSuffix("num_batches_tracked") }
    while let prefix = Self.prefixes.first(where: { prefix in arrays.allSatisfy { $0.name.hasPrefix(prefix) } }),
      !arrays.isEmpty
    {
      for index in arrays.indices { arrays[index].name.removeFirst(prefix.count) }
    }
    for array in arrays {
      guard self.arrays.updateValue(array, forKey: array.name) == nil else {
        throw .array(name: array.name, reason: "is there twice")
      }
    }
    unwrap()
    unwrapLastLayer()
  }

  private var isKnown: Bool { TorchNetworks.all.contains { $0.matches(self) } }

  /// Takes off a prefix that a known network has beside other names. Those keep theirs: they are the last layer's, or are left
  /// over, which is an error that names them.
  private mutating func unwrap() {
    guard !isKnown else { return }
    for prefix in Self.prefixes where hasPrefix(prefix) {
      var inner = self
      inner.arrays = [:]
      let lossNames = arrays.keys.filter { name in Self.losses.contains { name.hasPrefix($0) } }.sorted()
      for (name, var array) in arrays where !lossNames.contains(name) {
        if name.hasPrefix(prefix) { array.name.removeFirst(prefix.count) }
        inner.arrays[array.name] = array
      }
      guard inner.arrays.count + lossNames.count == arrays.count, inner.isKnown else { continue }
      let outside = inner.arrays.keys.filter { has($0) }.sorted()
      if !outside.isEmpty {
        inner.notes.append("\(Self.list(outside)) beside \"\(prefix)\" are taken for the network's own")
      }
      if !lossNames.isEmpty { inner.notes.append("\(Self.list(lossNames)) of a loss: left out") }
      self = inner
      return
    }
  }

  /// Takes the only layer with weights in a `Sequential` that stands for a known network's last layer, as
  /// `model.fc = Sequential(Dropout(), Linear(...))` makes one, for that layer.
  private mutating func unwrapLastLayer() {
    guard !isKnown else { return }
    for prefix in Set(TorchNetworks.all.flatMap(\.classifiers)).sorted() {
      let places = indices(after: prefix)
      guard places.count == 1, dimensions(of: "\(prefix)\(places[0]).weight")?.count == 2 else { continue }
      let inner = "\(prefix)\(places[0])."
      var found = self
      found.arrays = [:]
      for (name, var array) in arrays {
        if name.hasPrefix(inner) { array.name = prefix + name.dropFirst(inner.count) }
        found.arrays[array.name] = array
      }
      guard found.arrays.count == arrays.count, found.isKnown else { continue }
      found.notes.append(
        "\"\(inner)\" is taken for the last layer; what is beside it under \"\(prefix)\", such as a Dropout, has no weights and is "
          + "taken to do nothing")
      self = found
      return
    }
  }

  /// The name of the last layer's weights, where these are a family's but for it.
  func lastLayerMissing(of family: any TorchFamily) -> String? {
    for prefix in family.classifiers {
      let name = prefix + "weight"
      guard !has(name) else { continue }
      var whole = self
      whole.arrays[name] = NamedArray(name: name, dimensions: [0], values: [])
      if family.matches(whole) { return name }
    }
    return nil
  }

  /// The names that may be those of another last layer, as a part of a message.
  func outsidersText(besides name: String) -> String {
    let prefix = name.prefix { $0 != "." } + "."
    let inside = arrays.keys.filter { $0.hasPrefix(prefix) }.sorted()
    return inside.isEmpty
      ? outsidersText
      : "; under \"\(prefix)\" there are \(Self.list(inside)), and weights do not tell what is between them"
  }

  /// The names beside a prefix that most have, as a part of a message; nothing where there is no such prefix.
  var outsidersText: String {
    for prefix in Self.prefixes {
      let outside = arrays.keys.filter { !$0.hasPrefix(prefix) }.sorted()
      guard !outside.isEmpty, outside.count < arrays.count / 2 else { continue }
      return "; beside those of \"\(prefix)\" there are \(Self.list(outside)): if these are the last layer, save them "
        + "under the network's own name for it, such as fc.weight and fc.bias"
    }
    return ""
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(4).map { "\"\($0)\"" }.joined(separator: ", ")
      + (names.count > 4 ? " and \(names.count - 4) more" : "")
  }

  func has(_ name: String) -> Bool { arrays[name] != nil }

  func dimensions(of name: String) -> [Int]? { arrays[name]?.dimensions }

  func hasPrefix(_ prefix: String) -> Bool { arrays.keys.contains { $0.hasPrefix(prefix) } }

  /// The numbers that stand between a prefix and the next dot: those of a `Sequential`'s parts, in order.
  func indices(after prefix: String) -> [Int] {
    let numbers = arrays.keys.compactMap { name in
      name.hasPrefix(prefix) ? Int(name.dropFirst(prefix.count).prefix { $0 != "." }) : nil
    }
    return Set(numbers).sorted()
  }

  /// - Parameter file: Its name, and a `config.json` beside it, may tell what the names do not.
  func model(beside file: ForeignFile, options: ImportOptions) throws(ImportError) -> ForeignModel {
    let configuration = try TorchConfiguration(beside: file, limits: options.limits)
    let recognition = try TorchRecognition(
      of: self, stated: options.architecture, configured: configuration.architecture, fileName: file.name)
    let family = recognition.family
    var network = TorchNetwork(self, variant: recognition.variant)
    let stated = options.inputSize ?? configuration.inputSize
    let size = stated ?? Extent(recognition.variant?.side ?? family.side)
    do throws(ImportError) {
      let input = try network.input(size)
      let output = try family.append(to: &network, input)
      var model = try network.finished(output, recognition, configuration, size: size)
      if stated == nil {
        model.assumptions.append(
          "the file does not say how large its pictures are; \(size), as usual for \(model.architecture), is assumed"
            + " (--input-size changes it)")
      }
      return model
    } catch {
      let name = recognition.variant.map { "\($0.name), a network of the kind \(family.name)" } ?? family.name
      throw .model(
        reason: "the weights are taken for those of \(name), but: \(error)\(network.leftOver(family, after: error))")
    }
  }
}
