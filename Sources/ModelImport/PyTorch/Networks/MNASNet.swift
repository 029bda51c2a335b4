import ModelGraph

/// Tan et al. 2018, "MnasNet", under torchvision's names.
struct MNASNet: TorchFamily {
  var name: String { "MNASNet" }
  let variants = [
    TorchVariant("mnasnet0_5", 958_136),
    TorchVariant("mnasnet0_75", 1_919_016),
    TorchVariant("mnasnet1_0", 3_140_232),
    TorchVariant("mnasnet1_3", 5_050_072),
  ]
  let classifiers = ["classifier.1."]

  func matches(_ weights: StateDictionary) -> Bool {
    weights.has("layers.0.weight") && weights.has("layers.8.0.layers.0.weight") && weights.has("classifier.1.weight")
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    var node = try network.unit("layers.0", "layers.1", input, stride: 2, sides: [3])
    node = try network.unit("layers.3", "layers.4", node)
    node = try network.unit("layers.6", "layers.7", node, .identity)
    for (stack, stride) in [(8, 2), (9, 2), (10, 2), (11, 1), (12, 2), (13, 1)] {
      for block in network.weights.indices(after: "layers.\(stack).") {
        let name = "layers.\(stack).\(block)"
        let start = node
        node = try network.unit("\(name).layers.0", "\(name).layers.1", node)
        node = try network.unit("\(name).layers.3", "\(name).layers.4", node, stride: block == 0 ? stride : 1)
        node = try network.unit("\(name).layers.6", "\(name).layers.7", node, .identity)
        if block > 0 { node = try network.sum("\(name).add", node, start) }
      }
    }
    node = try network.unit("layers.14", "layers.15", node)
    return try network.linear("classifier.1", try network.globalPool(node))
  }
}
