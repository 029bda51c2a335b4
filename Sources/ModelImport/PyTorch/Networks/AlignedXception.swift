import ModelGraph

/// Chen et al. 2018, "DeepLabv3+": timm's `xception41`, `xception65` and `xception71`.
struct AlignedXception: TorchFamily {
  var name: String { "Xception (aligned)" }
  let variants = [
    TorchVariant("xception41", 25_035_872),
    TorchVariant("xception65", 38_052_512, shorterSide: 318),
    TorchVariant("xception71", 40_488_712),
  ]
  let classifiers = ["head.fc."]

  func matches(_ weights: StateDictionary) -> Bool {
    weights.has("stem.0.conv.weight") && weights.has("blocks.0.stack.conv1.bn_dw.weight")
      && weights.has("head.fc.weight")
  }

  var side: Int { 299 }

  func preprocessing(side: Int, of weights: StateDictionary) -> Preprocessing {
    var usual = Preprocessing.timm
    usual.geometry = .centerCrop(shorterSide: Int((Double(side) / 0.903).rounded(.down)))
    return usual
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    network.epsilon = 0.001
    var node = try network.unit("stem.0.conv", "stem.0.bn", input, stride: 2, sides: [3])
    node = try network.unit("stem.1.conv", "stem.1.bn", node)
    let blocks = network.weights.indices(after: "blocks.")
    let entry: [Int]
    switch blocks.count {
    case 13, 21: entry = [2, 2, 2]
    case 23: entry = [2, 1, 2, 1, 2]
    default: throw .model(reason: "has \(blocks.count) blocks, expected 13, 21 or 23")
    }
    for block in blocks {
      let isShrinking = block == blocks.count - 2
      node = try appendBlock(
        "blocks.\(block)", &network, node, stride: block < entry.count ? entry[block] : isShrinking ? 2 : 1,
        isLast: block == blocks.count - 1)
    }
    return try network.linear("head.fc", try network.globalPool(node))
  }

  /// Three separable convolutions with a ReLU before each; in the last block, without a shortcut, a ReLU after each step.
  private func appendBlock(
    _ name: String, _ network: inout TorchNetwork, _ input: Int, stride: Int, isLast: Bool
  ) throws(ImportError) -> Int {
    var node = input
    for step in 1...3 {
      let part = "\(name).stack.conv\(step)"
      if !isLast { node = try network.activation(.relu, node) }
      let function: Activation = isLast ? .relu : .identity
      node = try network.unit("\(part).conv_dw", "\(part).bn_dw", node, function, stride: step == 3 ? stride : 1)
      node = try network.unit("\(part).conv_pw", "\(part).bn_pw", node, function)
    }
    if isLast { return node }
    let hasProjection = network.weights.has("\(name).shortcut.conv.weight")
    let shortcut =
      hasProjection
      ? try network.unit("\(name).shortcut.conv", "\(name).shortcut.bn", input, .identity, stride: stride) : input
    return try network.sum("\(name).add", node, shortcut)
  }
}
