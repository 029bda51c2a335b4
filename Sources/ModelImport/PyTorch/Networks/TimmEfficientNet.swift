import ModelGraph

/// timm's networks of `blocks.STAGE.BLOCK`: EfficientNet, EfficientNet-Lite and MobileNetV3.
///
/// The same names serve networks with PyTorch's padding and epsilon and with TensorFlow's (`tf_...`): the architecture that
/// `config.json` names, or the file's name, tells which.
struct TimmEfficientNet: TorchFamily {
  var name: String { "EfficientNet or MobileNetV3 (timm)" }

  func matches(_ weights: StateDictionary) -> Bool {
    weights.has("conv_stem.weight") && weights.has("blocks.0.0.conv_dw.weight") && weights.has("classifier.weight")
  }

  func preprocessing(side: Int, of weights: StateDictionary) -> Preprocessing {
    var usual = Preprocessing.torchvision(side: side)
    usual.filter = .bicubic
    return usual
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    guard
      let start = ["tf_efficientnet", "efficientnet", "tf_mobilenetv3", "mobilenetv3"].first(
        where: network.hint.contains)
    else {
      throw .options(
        reason: "networks with these weights differ in their padding; name the file after timm's name of the network "
          + "(tf_efficientnet_lite0.safetensors), or put its config.json beside it")
    }
    if start.hasPrefix("tf_") {
      network.padsLikeTensorFlow = true
      network.epsilon = 0.001
    }
    if start.hasSuffix("mobilenetv3") { return try appendMobileNetV3(&network, input) }
    let isLite = network.hint.contains("lite")
    return try appendEfficientNet(&network, input, isLite ? .relu6 : .silu)
  }

  private func appendEfficientNet(
    _ network: inout TorchNetwork, _ input: Int, _ function: Activation
  ) throws(ImportError) -> Int {
    var node = try network.unit("conv_stem", "bn1", input, function, stride: 2)
    for (stage, stride) in zip(0...6, [1, 2, 2, 2, 1, 2, 1]) {
      for block in network.weights.indices(after: "blocks.\(stage).") {
        node = try appendBlock(
          "blocks.\(stage).\(block)", &network, node, function, (function, .sigmoid), stride: block == 0 ? stride : 1)
      }
    }
    node = try network.unit("conv_head", "bn2", node, function)
    return try network.linear("classifier", try network.globalPool(node))
  }

  /// The last convolution follows the pooling.
  private func appendMobileNetV3(_ network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    let isSmall = network.weights.dimensions(of: "conv_head.weight")?.first == 1024 || network.hint.contains("small")
    let strides = isSmall ? [2, 2, 2, 1, 2, 1] : [1, 2, 2, 2, 1, 2, 1]
    let hardFrom = isSmall ? 2 : 3
    var node = try network.unit("conv_stem", "bn1", input, .hardSwish, stride: 2)
    for (stage, stride) in strides.enumerated() {
      for block in network.weights.indices(after: "blocks.\(stage).") {
        node = try appendBlock(
          "blocks.\(stage).\(block)", &network, node, stage >= hardFrom ? .hardSwish : .relu,
          (.relu, .hardSigmoid(slope: 1 / 6, offset: 0.5)), stride: block == 0 ? stride : 1)
      }
    }
    node = try network.convolution("conv_head", try network.globalPool(node, keepsDimensions: true))
    node = try network.flattened(try network.activation(.hardSwish, node))
    return try network.linear("classifier", node)
  }

  /// A depthwise separable block, an inverted residual, or a plain convolution, as its names say.
  private func appendBlock(
    _ name: String, _ network: inout TorchNetwork, _ input: Int, _ function: Activation,
    _ gate: (inner: Activation, outer: Activation), stride: Int
  ) throws(ImportError) -> Int {
    if network.weights.has("\(name).conv.weight") {
      return try network.unit("\(name).conv", "\(name).bn1", input, function, stride: stride)
    }
    let expands = network.weights.has("\(name).conv_pwl.weight")
    var node = input
    if expands { node = try network.unit("\(name).conv_pw", "\(name).bn1", node, function) }
    node = try network.unit("\(name).conv_dw", expands ? "\(name).bn2" : "\(name).bn1", node, function, stride: stride)
    if network.weights.has("\(name).se.conv_reduce.weight") {
      node = try network.squeezeExcite(
        "\(name).se.conv_reduce", "\(name).se.conv_expand", node, gate.inner, gate.outer)
    }
    node = try network.unit(
      expands ? "\(name).conv_pwl" : "\(name).conv_pw", expands ? "\(name).bn3" : "\(name).bn2", node, .identity)
    guard stride == 1, network.channels(of: input) == network.channels(of: node) else { return node }
    return try network.sum("\(name).add", input, node)
  }
}
