import ModelGraph

/// Sandler et al. 2018, "MobileNetV2", under torchvision's names.
struct MobileNetV2: TorchFamily {
  var name: String { "MobileNetV2" }
  let variants = [
    TorchVariant("mobilenet_v2", 2_257_984)
  ]
  let classifiers = ["classifier.1."]

  func matches(_ weights: StateDictionary) -> Bool {
    weights.has("features.0.0.weight") && weights.has("features.1.conv.0.0.weight")
      && weights.has("features.18.0.weight")
      && weights.has("classifier.1.weight")
  }

  /// The blocks that halve the map, which does not follow from the weights.
  private static let halving: Set = [2, 4, 7, 14]

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    var node = try network.unit("features.0.0", "features.0.1", input, .relu6, stride: 2, sides: [3])
    for index in 1...17 {
      node = try appendBlock("features.\(index).conv", &network, node, stride: Self.halving.contains(index) ? 2 : 1)
    }
    node = try network.unit("features.18.0", "features.18.1", node, .relu6)
    return try network.linear("classifier.1", try network.globalPool(node))
  }

  private func appendBlock(
    _ name: String, _ network: inout TorchNetwork, _ input: Int, stride: Int
  ) throws(ImportError) -> Int {
    let expands = network.weights.has("\(name).1.0.weight")
    var node = input
    if expands { node = try network.unit("\(name).0.0", "\(name).0.1", node, .relu6) }
    let spatial = expands ? 1 : 0
    node = try network.unit("\(name).\(spatial).0", "\(name).\(spatial).1", node, .relu6, stride: stride)
    node = try network.unit("\(name).\(spatial + 1)", "\(name).\(spatial + 2)", node, .identity)
    guard stride == 1, network.channels(of: input) == network.channels(of: node) else { return node }
    return try network.sum("\(name).add", input, node)
  }
}
