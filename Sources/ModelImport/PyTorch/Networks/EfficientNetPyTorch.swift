import ModelGraph

/// EfficientNet and EfficientNet-Lite under the names of the package EfficientNet-PyTorch, with TensorFlow's padding and
/// epsilon. The lite networks have no squeeze-and-excite and ReLU6 for swish.
struct EfficientNetPyTorch: TorchFamily {
  var name: String { "EfficientNet (EfficientNet-PyTorch)" }
  let variants = [
    TorchVariant("efficientnet-b0", 4_049_564, side: 224),
    TorchVariant("efficientnet-b1", 6_575_232, side: 240),
    TorchVariant("efficientnet-b2", 7_768_562, side: 260),
    TorchVariant("efficientnet-b3", 10_783_528, side: 300),
    TorchVariant("efficientnet-b4", 17_673_816, side: 380),
    TorchVariant("efficientnet-b5", 28_513_520, side: 456),
    TorchVariant("efficientnet-b6", 40_960_136, side: 528),
    TorchVariant("efficientnet-b7", 64_097_680, side: 600),
    TorchVariant("efficientnet-lite0", 3_413_024, side: 224),
    TorchVariant("efficientnet-lite1", 4_189_344, side: 240),
    TorchVariant("efficientnet-lite2", 4_869_168, side: 260),
    TorchVariant("efficientnet-lite3", 6_992_768, side: 280),
    TorchVariant("efficientnet-lite4", 11_837_936, side: 300),
  ]
  let classifiers = ["_fc."]

  func matches(_ weights: StateDictionary) -> Bool {
    weights.has("_conv_stem.weight") && weights.has("_blocks.0._depthwise_conv.weight") && weights.has("_fc.weight")
  }

  /// EfficientNet-Lite's own: bicubic, `(pixel - 127) / 128`, the shorter side 32 longer than the input's. The others take
  /// ImageNet's mean and standard deviation.
  func preprocessing(side: Int, of weights: StateDictionary) -> Preprocessing {
    var usual = Preprocessing.torchvision(side: side, shorterSide: side + 32)
    usual.filter = .bicubic
    guard !weights.has("_blocks.0._se_reduce.weight") else { return usual }
    usual.divisor = 1
    usual.mean = [127, 127, 127]
    usual.standardDeviation = [128, 128, 128]
    return usual
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    network.epsilon = 0.001
    network.padsLikeTensorFlow = true
    let function: Activation = network.weights.has("_blocks.0._se_reduce.weight") ? .silu : .relu6
    var node = try network.unit("_conv_stem", "_bn0", input, function, stride: 2, sides: [3])
    let strides = try strides(network.weights)
    for (block, stride) in zip(network.weights.indices(after: "_blocks."), strides) {
      node = try appendBlock("_blocks.\(block)", &network, node, function, stride: stride)
    }
    node = try network.unit("_conv_head", "_bn1", node, function)
    return try network.linear("_fc", try network.globalPool(node))
  }

  private func appendBlock(
    _ name: String, _ network: inout TorchNetwork, _ input: Int, _ function: Activation, stride: Int
  ) throws(ImportError) -> Int {
    var node = input
    if network.weights.has("\(name)._expand_conv.weight") {
      node = try network.unit("\(name)._expand_conv", "\(name)._bn0", node, function)
    }
    node = try network.unit("\(name)._depthwise_conv", "\(name)._bn1", node, function, stride: stride)
    if network.weights.has("\(name)._se_reduce.weight") {
      node = try network.squeezeExcite("\(name)._se_reduce", "\(name)._se_expand", node, .silu, .sigmoid)
    }
    node = try network.unit("\(name)._project_conv", "\(name)._bn2", node, .identity)
    guard stride == 1, network.channels(of: input) == network.channels(of: node) else { return node }
    return try network.sum("\(name).add", input, node)
  }

  /// The blocks are counted through all stages; a stage begins where the output's width changes, and the seven stages' strides
  /// are those of every EfficientNet.
  private func strides(_ weights: StateDictionary) throws(ImportError) -> [Int] {
    let widths = weights.indices(after: "_blocks.").map {
      weights.dimensions(of: "_blocks.\($0)._project_conv.weight")?.first ?? 0
    }
    let stageStrides = [1, 2, 2, 2, 1, 2, 1]
    var (stage, strides) = (-1, [Int]())
    for (index, width) in widths.enumerated() {
      let begins = index == 0 || width != widths[index - 1]
      if begins { stage += 1 }
      guard stage < stageStrides.count else { throw .model(reason: "has more than seven widths of blocks: \(widths)") }
      strides.append(begins ? stageStrides[stage] : 1)
    }
    guard stage == stageStrides.count - 1 else { throw .model(reason: "has \(stage + 1) widths of blocks, expected 7") }
    return strides
  }
}
