import ModelGraph

/// Chollet 2016, "Xception", as timm's `legacy_xception`; also Cadene's names, whose classifier is `last_linear`.
///
/// It pads on both sides where Keras pads after only.
struct LegacyXception: TorchFamily {
  var name: String { "Xception (legacy_xception)" }
  let variants = [
    TorchVariant("legacy_xception", 20_861_480)
  ]
  let classifiers = ["fc.", "last_linear."]

  func matches(_ weights: StateDictionary) -> Bool {
    weights.has("block1.rep.0.conv1.weight") && weights.has("block12.skip.weight")
      && weights.has("conv4.pointwise.weight")
  }

  var side: Int { 299 }
  func preprocessing(side: Int, of weights: StateDictionary) -> Preprocessing { .timm }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    var node = try network.unit("conv1", "bn1", input, stride: 2, padding: .valid, sides: [3])
    node = try network.unit("conv2", "bn2", node, padding: .valid)
    for block in 1...12 { node = try appendBlock("block\(block)", &network, node, isFirst: block == 1) }
    for (convolution, normalization) in [("conv3", "bn3"), ("conv4", "bn4")] {
      node = try appendSeparable(convolution, &network, node)
      node = try network.activation(.relu, try network.normalization(normalization, node))
    }
    let classifier = network.weights.has("last_linear.weight") ? "last_linear" : "fc"
    return try network.linear(classifier, try network.globalPool(node))
  }

  private func appendSeparable(
    _ name: String, _ network: inout TorchNetwork, _ input: Int
  ) throws(ImportError) -> Int {
    try network.convolution("\(name).pointwise", try network.convolution("\(name).conv1", input))
  }

  /// Each separable convolution is followed by its normalization; the ReLUs before them have places of their own. Blocks with
  /// a projection end in a pool of stride 2.
  private func appendBlock(
    _ name: String, _ network: inout TorchNetwork, _ input: Int, isFirst: Bool
  ) throws(ImportError) -> Int {
    var node = input
    let places = network.weights.indices(after: "\(name).rep.").filter {
      network.weights.has("\(name).rep.\($0).conv1.weight")
    }
    for (index, place) in places.enumerated() {
      if !(isFirst && index == 0) { node = try network.activation(.relu, node) }
      node = try appendSeparable("\(name).rep.\(place)", &network, node)
      node = try network.normalization("\(name).rep.\(place + 1)", node)
    }
    guard network.weights.has("\(name).skip.weight") else { return try network.sum("\(name).add", node, input) }
    node = try network.maxPool("\(name).pool", node, padding: 1)
    let shortcut = try network.unit("\(name).skip", "\(name).skipbn", input, .identity, stride: 2)
    return try network.sum("\(name).add", node, shortcut)
  }
}
