import ModelGraph

/// He et al. 2015, "Deep Residual Learning", with the stride in a block's 3x3 convolution; also ResNeXt (Xie et al. 2016) and
/// wide ResNets (Zagoruyko and Komodakis 2016), which differ in widths and groups only. torchvision's and timm's names.
struct ResNet: TorchFamily {
  var name: String { "ResNet" }
  let variants = [
    TorchVariant("resnet18", 11_186_112),
    TorchVariant("resnet34", 21_301_696),
    TorchVariant("resnet50", 23_561_152),
    TorchVariant("resnet101", 42_605_504),
    TorchVariant("resnet152", 58_295_232),
    TorchVariant("resnext50_32x4d", 23_048_128),
    TorchVariant("resnext101_32x4d", 42_266_560),
    TorchVariant("resnext101_32x8d", 86_945_216),
    TorchVariant("resnext101_64x4d", 81_609_152),
    TorchVariant("wide_resnet50_2", 66_902_464),
    TorchVariant("wide_resnet101_2", 124_975_552),
  ]
  let classifiers = ["fc."]
  /// timm's with blurs or means after strides, which have no weights.
  let lookalikes = ["resnet18": ["resnetblur18"], "resnet50": ["resnetblur50", "resnetaa50"]]

  func matches(_ weights: StateDictionary) -> Bool {
    weights.has("conv1.weight") && weights.has("bn1.weight") && weights.has("layer1.0.conv1.weight")
      && weights.has("layer4.0.conv2.weight") && weights.has("fc.weight")
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    var node = try network.unit("conv1", "bn1", input, stride: 2, sides: [7])
    node = try network.maxPool("maxpool", node, padding: 1)
    for stage in 1...4 {
      for block in network.weights.indices(after: "layer\(stage).") {
        node = try appendBlock("layer\(stage).\(block)", &network, node, stride: stage > 1 && block == 0 ? 2 : 1)
      }
    }
    return try network.linear("fc", try network.globalPool(node))
  }

  /// Two 3x3 convolutions, or a 3x3 between two 1x1.
  private func appendBlock(
    _ name: String, _ network: inout TorchNetwork, _ input: Int, stride: Int
  ) throws(ImportError) -> Int {
    let isBottleneck = network.weights.has("\(name).conv3.weight")
    var node = try network.unit("\(name).conv1", "\(name).bn1", input, stride: isBottleneck ? 1 : stride)
    node = try network.unit(
      "\(name).conv2", "\(name).bn2", node, isBottleneck ? .relu : .identity, stride: isBottleneck ? stride : 1)
    if isBottleneck { node = try network.unit("\(name).conv3", "\(name).bn3", node, .identity) }
    let hasProjection = network.weights.has("\(name).downsample.0.weight")
    let shortcut =
      hasProjection
      ? try network.unit("\(name).downsample.0", "\(name).downsample.1", input, .identity, stride: stride) : input
    return try network.activation(.relu, try network.sum("\(name).add", node, shortcut))
  }
}
