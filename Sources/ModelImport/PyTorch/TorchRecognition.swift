import ModelGraph

/// Which network the weights belong to: their names tell the family, and their number the member; where both leave it
/// open, or to check them, the caller, `config.json` or the file's name decides.
struct TorchRecognition {
  let family: any TorchFamily
  /// Nil for a network of sizes that have no name.
  let variant: TorchVariant?
  /// What was decided by the file's name alone, or what no name decides.
  private(set) var note: String?

  /// - Parameters:
  ///   - stated: What the caller says, which must be a name that is known.
  ///   - configured: What `config.json` says.
  init(
    of weights: StateDictionary, stated: String?, configured: String?, fileName: String
  ) throws(ImportError) {
    if let name = stated ?? configured {
      let source = stated == nil ? "config.json" : "--architecture"
      (family, variant) = try Self.named(name, by: source, weights)
      return
    }
    guard let found = TorchNetworks.all.first(where: { $0.matches(weights) }) else {
      throw .model(reason: Self.unknown(weights))
    }
    family = found
    let candidates = Self.fitting(weights, found)
    if candidates.count <= 1 {
      variant = candidates.first
      if found.needsVariant, variant == nil {
        throw .options(
          reason:
            "the weights' names are those of \(found.name), but their number is that of no network that is known by "
            + "name (\(Self.list(found.variants))), and names alone do not tell how this one pads; export it to ONNX with "
            + "torch.onnx.export")
      }
      if variant == nil {
        note =
          "no network known by name (\(Self.list(found.variants))) has this many weights: they are taken for "
          + "those of a \(found.name) of other sizes, with its usual strides and padding, which weights do not tell"
      }
      try checkLookalikes(fileName)
      return
    }
    guard let chosen = Self.prefix(of: fileName, among: candidates) else {
      throw .options(
        reason:
          "the weights fit \(Self.list(candidates)) alike, which compute different things of them (their padding and "
          + "epsilon): say which one with --architecture \(candidates[0].name), or put its config.json beside the file")
    }
    variant = chosen
    note =
      "the weights fit \(Self.list(candidates)) alike; as the file's name says, they are taken for those of \(chosen.name) "
      + "(--architecture changes it)"
  }

  /// Weights that another network may have as well are refused where the file's name is that network's, and noted elsewhere.
  private mutating func checkLookalikes(_ fileName: String) throws(ImportError) {
    guard let name = variant?.name, let others = family.lookalikes[name] else { return }
    let key = TorchVariant.key(fileName)
    if let other = others.first(where: { key.hasPrefix($0) }) {
      throw .options(
        reason:
          "the file's name is that of \(other), whose weights have the names and shapes of \(name)'s but which computes "
          + "something else of them and is not known here; export it to ONNX with torch.onnx.export, or say "
          + "--architecture \(name) if it is one")
    }
    note =
      "the weights are taken for those of \(name); \(others.joined(separator: " and ")) of timm, of the same names and shapes, "
      + "would compute something else (export such a one to ONNX)"
  }

  // MARK: By name

  private static func named(
    _ name: String, by source: String, _ weights: StateDictionary
  ) throws(ImportError) -> (any TorchFamily, TorchVariant?) {
    let key = TorchVariant.key(name)
    if source == "--architecture", let family = TorchNetworks.all.first(where: { TorchVariant.key($0.name) == key }) {
      return (family, nil)
    }
    let known = TorchNetworks.all.flatMap { family in
      family.variants.filter { $0.key == key }.map { (family: family, variant: $0) }
    }
    guard let first = known.first else {
      throw .options(
        reason: "\(source) names \"\(name)\", which is none of the networks whose weights are read without a graph: "
          + TorchNetworks.all.map { list($0.variants) }.joined(separator: ", ")
          + "; export it to ONNX with torch.onnx.export")
    }
    // Several libraries may have a network of the name, each under its own names of weights.
    guard let (family, variant) = known.first(where: { $0.family.matches(weights) }) else {
      if let other = TorchNetworks.all.first(where: { $0.matches(weights) }) {
        throw .options(
          reason: "\(source) names \"\(name)\", but the weights' names are those of \(other.name)"
            + fittingText(weights, other))
      }
      return (first.family, first.variant)
    }
    let count = family.weightCount(of: weights)
    guard count == variant.weightCount else {
      throw .options(
        reason:
          "\(source) names \"\(name)\", which has \(variant.weightCount) numbers before its last layer, but the file "
          + "has \(count)\(fittingText(weights, family))")
    }
    return (family, variant)
  }

  /// The longest name that a file's begins with: `tf_efficientnet_b0_ns-c0e6a31c.pth` is of `tf_efficientnet_b0`.
  private static func prefix(of fileName: String, among candidates: [TorchVariant]) -> TorchVariant? {
    let name = TorchVariant.key(fileName)
    return candidates.filter { candidate in
      name.hasPrefix(candidate.key) && name.dropFirst(candidate.key.count).first ?? "_" == "_"
    }.max { $0.key.count < $1.key.count }
  }

  // MARK: By number

  private static func fitting(_ weights: StateDictionary, _ family: any TorchFamily) -> [TorchVariant] {
    let count = family.weightCount(of: weights)
    return family.variants.filter { $0.weightCount == count }
  }

  private static func fittingText(_ weights: StateDictionary, _ family: any TorchFamily) -> String {
    let fitting = fitting(weights, family)
    return fitting.isEmpty ? "" : ", which is that of \(list(fitting))"
  }

  private static func list(_ variants: [TorchVariant]) -> String { variants.map(\.name).joined(separator: ", ") }

  private static func unknown(_ weights: StateDictionary) -> String {
    for family in TorchNetworks.all {
      guard let name = weights.lastLayerMissing(of: family) else { continue }
      return "the weights' names are those of \(family.name), but there is no \"\(name)\" of its last layer"
        + weights.outsidersText(besides: name)
        + "; export the model to ONNX with torch.onnx.export, which needs no names"
    }
    let names = weights.arrays.keys.sorted().prefix(4).map { "\"\($0)\"" }.joined(separator: ", ")
    return "the weights have no network with them, and their names (\(names) ...) are not those of one that is known: "
      + TorchNetworks.all.map(\.name).joined(separator: ", ")
      + weights.outsidersText + "; export the model to ONNX with torch.onnx.export, which needs no names"
  }
}
