import ModelGraph

/// Liu et al. 2022, "A ConvNet for the 2020s", under torchvision's or timm's names.
struct ConvNeXt: TorchFamily {
  enum Names { case torchvision, timm }

  private let names: Names
  private static let epsilon: Float = 1e-6

  init(_ names: Names) { self.names = names }

  var name: String { names == .timm ? "ConvNeXt (timm)" : "ConvNeXt" }
  var classifiers: [String] { names == .timm ? ["head.fc."] : ["classifier.2."] }

  var variants: [TorchVariant] {
    let sides = names == .timm ? [235, 235, 256, 256] : [236, 230, 232, 232]
    return [("tiny", 27_820_128), ("small", 49_454_688), ("base", 87_566_464), ("large", 196_230_336)].enumerated().map
    {
      TorchVariant("convnext_\($1.0)", $1.1, shorterSide: sides[$0])
    }
  }

  func matches(_ weights: StateDictionary) -> Bool {
    switch names {
    case .torchvision:
      weights.has("features.1.0.layer_scale") && weights.has("features.1.0.block.5.weight")
        && weights.has("classifier.2.weight")
    case .timm:
      weights.has("stages.0.blocks.0.conv_dw.weight") && weights.has("stages.0.blocks.0.gamma")
        && weights.has("head.fc.weight")
    }
  }

  func preprocessing(side: Int, of weights: StateDictionary) -> Preprocessing {
    var usual = Preprocessing.torchvision(side: side, shorterSide: side + 12)
    if names == .timm { usual.filter = .bicubic }
    return usual
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    switch names {
    case .torchvision:
      var node = try appendShrinking("features.0.0", "features.0.1", &network, input)
      for stage in 1...7 {
        if stage % 2 == 0 {
          node = try appendShrinking("features.\(stage).0", "features.\(stage).1", &network, node)
        } else {
          node = try appendBlocks("features.\(stage).", &network, node)
        }
      }
      node = try network.layerNormalization("classifier.0", try network.globalPool(node), epsilon: Self.epsilon)
      return try network.linear("classifier.2", node)
    case .timm:
      var node = try appendShrinking("stem.0", "stem.1", &network, input)
      for stage in network.weights.indices(after: "stages.") {
        let name = "stages.\(stage)"
        if stage > 0 { node = try appendShrinking("\(name).downsample.0", "\(name).downsample.1", &network, node) }
        node = try appendBlocks("\(name).blocks.", &network, node)
      }
      node = try network.layerNormalization("head.norm", try network.globalPool(node), epsilon: Self.epsilon)
      return try network.linear("head.fc", node)
    }
  }

  /// A convolution of windows that do not overlap, 4 x 4 at the start and 2 x 2 later, with a normalization: after it
  /// at the start, before it later.
  private func appendShrinking(
    _ first: String, _ second: String, _ network: inout TorchNetwork, _ input: Int
  ) throws(ImportError) -> Int {
    if network.weights.dimensions(of: first + ".weight")?.count == 4 {
      let node = try network.convolution(first, input, stride: 4, padding: .valid, sides: [4])
      return try network.layerNormalization(second, node, epsilon: Self.epsilon)
    }
    let node = try network.layerNormalization(first, input, epsilon: Self.epsilon)
    return try network.convolution(second, node, stride: 2, padding: .valid, sides: [2])
  }

  private func appendBlocks(
    _ prefix: String, _ network: inout TorchNetwork, _ input: Int
  ) throws(ImportError) -> Int {
    var node = input
    for block in network.weights.indices(after: prefix) { node = try appendBlock("\(prefix)\(block)", &network, node) }
    return node
  }

  private func appendBlock(
    _ name: String, _ network: inout TorchNetwork, _ input: Int
  ) throws(ImportError) -> Int {
    let parts =
      names == .timm
      ? (spatial: "conv_dw", norm: "norm", wide: "mlp.fc1", narrow: "mlp.fc2", scale: "gamma")
      : (spatial: "block.0", norm: "block.2", wide: "block.3", narrow: "block.5", scale: "layer_scale")
    var node = try network.convolution("\(name).\(parts.spatial)", input)
    node = try network.layerNormalization("\(name).\(parts.norm)", node, epsilon: Self.epsilon)
    node = try network.activation(.gelu, try network.linear("\(name).\(parts.wide)", node))
    node = try network.scale("\(name).\(parts.scale)", try network.linear("\(name).\(parts.narrow)", node))
    return try network.sum("\(name).add", node, input)
  }
}
