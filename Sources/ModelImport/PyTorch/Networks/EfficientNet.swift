import ModelGraph

/// Tan and Le 2019, "EfficientNet", b0 to b7, under torchvision's names.
struct EfficientNet: TorchFamily {
  var name: String { "EfficientNet" }
  let variants = [
    TorchVariant("efficientnet_b0", 4_049_564, filter: .bicubic),
    TorchVariant("efficientnet_b1", 6_575_232, side: 240, shorterSide: 256, filter: .bicubic),
    TorchVariant("efficientnet_b2", 7_768_562, side: 288, shorterSide: 288, filter: .bicubic),
    TorchVariant("efficientnet_b3", 10_783_528, side: 300, shorterSide: 320, filter: .bicubic),
    TorchVariant("efficientnet_b4", 17_673_816, side: 380, shorterSide: 384, filter: .bicubic),
    TorchVariant("efficientnet_b5", 28_513_520, side: 456, shorterSide: 456, filter: .bicubic),
    TorchVariant("efficientnet_b6", 40_960_136, side: 528, shorterSide: 528, filter: .bicubic),
    TorchVariant("efficientnet_b7", 64_097_680, side: 600, shorterSide: 600, filter: .bicubic),
  ]
  let classifiers = ["classifier.1."]

  func matches(_ weights: StateDictionary) -> Bool {
    weights.has("features.1.0.block.0.0.weight") && weights.has("features.1.0.block.1.fc1.weight")
      && weights.has("classifier.1.weight")
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    let width = network.weights.dimensions(of: "features.8.0.weight")?.first ?? 0
    // torchvision's b5 and larger have TensorFlow's epsilon.
    if width >= 2048 { network.epsilon = 0.001 }
    var node = try network.unit("features.0.0", "features.0.1", input, .silu, stride: 2, sides: [3])
    for (stage, stride) in zip(1...7, [1, 2, 2, 2, 1, 2, 1]) {
      for block in network.weights.indices(after: "features.\(stage).") {
        node = try appendBlock("features.\(stage).\(block).block", &network, node, stride: block == 0 ? stride : 1)
      }
    }
    node = try network.unit("features.8.0", "features.8.1", node, .silu)
    return try network.linear("classifier.1", try network.globalPool(node))
  }

  private func appendBlock(
    _ name: String, _ network: inout TorchNetwork, _ input: Int, stride: Int
  ) throws(ImportError) -> Int {
    let expands = network.weights.has("\(name).3.0.weight")
    var node = input
    if expands { node = try network.unit("\(name).0.0", "\(name).0.1", node, .silu) }
    let next = expands ? 1 : 0
    node = try network.unit("\(name).\(next).0", "\(name).\(next).1", node, .silu, stride: stride)
    node = try network.squeezeExcite("\(name).\(next + 1).fc1", "\(name).\(next + 1).fc2", node, .silu, .sigmoid)
    node = try network.unit("\(name).\(next + 2).0", "\(name).\(next + 2).1", node, .identity)
    guard stride == 1, network.channels(of: input) == network.channels(of: node) else { return node }
    return try network.sum("\(name).add", input, node)
  }
}
