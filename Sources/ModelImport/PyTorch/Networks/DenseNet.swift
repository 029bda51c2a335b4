import ModelGraph

/// Huang et al. 2016, "Densely Connected Convolutional Networks", under torchvision's names and the older ones of its files.
struct DenseNet: TorchFamily {
  var name: String { "DenseNet" }
  let variants = [
    TorchVariant("densenet121", 7_037_504),
    TorchVariant("densenet161", 26_691_936),
    TorchVariant("densenet169", 12_642_880),
    TorchVariant("densenet201", 18_321_984),
  ]
  let classifiers = ["classifier."]

  func matches(_ weights: StateDictionary) -> Bool {
    weights.has("features.conv0.weight") && weights.has("features.norm5.weight") && weights.has("classifier.weight")
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    var node = try network.unit("features.conv0", "features.norm0", input, stride: 2, sides: [7])
    node = try network.maxPool("features.pool0", node, padding: 1)
    for block in 1...4 {
      let layers = network.weights.indices(after: "features.denseblock\(block).denselayer")
      for layer in layers {
        node = try appendLayer("features.denseblock\(block).denselayer\(layer)", &network, node)
      }
      guard block < 4 else { break }
      let name = "features.transition\(block)"
      node = try network.activation(.relu, try network.normalization("\(name).norm", node))
      node = try network.averagePool("\(name).pool", try network.convolution("\(name).conv", node), size: 2, stride: 2)
    }
    node = try network.activation(.relu, try network.normalization("features.norm5", node))
    return try network.linear("classifier", try network.globalPool(node))
  }

  /// Appends new channels to all those so far.
  private func appendLayer(
    _ name: String, _ network: inout TorchNetwork, _ input: Int
  ) throws(ImportError) -> Int {
    let dot = network.weights.has("\(name).norm.1.weight") ? "." : ""
    var node = input
    for part in 1...2 {
      node = try network.activation(.relu, try network.normalization("\(name).norm\(dot)\(part)", node))
      node = try network.convolution("\(name).conv\(dot)\(part)", node)
    }
    return try network.concatenation("\(name).concat", [input, node])
  }
}
