import ModelGraph

/// Liu et al. 2022, "A ConvNet for the 2020s", under torchvision's names.
struct ConvNeXt: TorchFamily {
  var name: String { "ConvNeXt" }
  private static let epsilon: Float = 1e-6

  func matches(_ weights: StateDictionary) -> Bool {
    weights.has("features.1.0.layer_scale") && weights.has("features.1.0.block.5.weight")
      && weights.has("classifier.2.weight")
  }

  func preprocessing(side: Int, of weights: StateDictionary) -> Preprocessing {
    .torchvision(side: side, shorterSide: side + 12)
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    var node = try network.convolution("features.0.0", input, stride: 4, padding: .valid)
    node = try network.layerNormalization("features.0.1", node, epsilon: Self.epsilon)
    for stage in 1...7 {
      if stage % 2 == 0 {
        node = try network.layerNormalization("features.\(stage).0", node, epsilon: Self.epsilon)
        node = try network.convolution("features.\(stage).1", node, stride: 2, padding: .valid)
      } else {
        for block in network.weights.indices(after: "features.\(stage).") {
          node = try appendBlock("features.\(stage).\(block)", &network, node)
        }
      }
    }
    node = try network.layerNormalization("classifier.0", try network.globalPool(node), epsilon: Self.epsilon)
    return try network.linear("classifier.2", node)
  }

  private func appendBlock(
    _ name: String, _ network: inout TorchNetwork, _ input: Int
  ) throws(ImportError) -> Int {
    var node = try network.convolution("\(name).block.0", input)
    node = try network.layerNormalization("\(name).block.2", node, epsilon: Self.epsilon)
    node = try network.activation(.gelu, try network.linear("\(name).block.3", node))
    node = try network.scale("\(name).layer_scale", try network.linear("\(name).block.5", node))
    return try network.sum("\(name).add", node, input)
  }
}
