import ModelGraph

/// The weights of a network by their names, as PyTorch saves them: without the network itself.
struct StateDictionary {
  private(set) var arrays: [String: NamedArray] = [:]

  /// What containers put before the names of the network's own.
  private static let prefixes = ["module.", "model.", "backbone.", "encoder.", "net.", "_orig_mod.", "network."]

  /// Counters of training are left out, and prefixes that all names have.
  init(_ arrays: [NamedArray]) throws(ImportError) {
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
  }

  func has(_ name: String) -> Bool { arrays[name] != nil }

  func dimensions(of name: String) -> [Int]? { arrays[name]?.dimensions }

  func hasPrefix(_ prefix: String) -> Bool { arrays.keys.contains { $0.hasPrefix(prefix) } }

  /// The numbers that stand between a prefix and the next point: those of a `Sequential`'s parts, in order.
  func indices(after prefix: String) -> [Int] {
    let numbers = arrays.keys.compactMap { name in
      name.hasPrefix(prefix) ? Int(name.dropFirst(prefix.count).prefix { $0 != "." }) : nil
    }
    return Set(numbers).sorted()
  }

  /// The dictionary with other names.
  func renamed(_ name: (String) -> String) -> StateDictionary {
    var result = self
    result.arrays = [:]
    for (key, array) in arrays { result.arrays[name(key)] = array }
    return result
  }

  /// - Parameter file: Its name, and a `config.json` beside it, may tell what the names do not.
  func model(beside file: ForeignFile, options: ImportOptions) throws(ImportError) -> ForeignModel {
    let configuration = try TorchConfiguration(beside: file, limits: options.limits)
    let candidates = TorchNetworks.all.filter { $0.matches(self) }
    guard let family = candidates.first else { throw .model(reason: unknown) }
    let hint = configuration.architecture ?? file.name
    var network = TorchNetwork(self, hint: hint)
    let size = options.inputSize ?? configuration.inputSize ?? Extent(family.side(of: hint))
    do throws(ImportError) {
      let input = try network.input(size)
      let output = try family.append(to: &network, input)
      return try network.finished(output, family, configuration, size: size)
    } catch {
      throw .model(reason: "the weights' names are those of \(family.name), but: \(error)\(network.leftOver(family))")
    }
  }

  private var unknown: String {
    let names = arrays.keys.sorted().prefix(4).map { "\"\($0)\"" }.joined(separator: ", ")
    return "the weights have no network with them, and their names (\(names) ...) are not those of one that is known: "
      + TorchNetworks.all.map(\.name).joined(separator: ", ")
      + "; export the model to ONNX with torch.onnx.export, which needs no names"
  }
}
