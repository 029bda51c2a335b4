import ModelGraph

/// timm's networks of `blocks.STAGE.BLOCK`: EfficientNet, EfficientNet-Lite, MobileNet V2 and V3, MnasNet.
///
/// The same names serve networks with PyTorch's padding and epsilon and with TensorFlow's (`tf_...`), and with one function or
/// another: only a network that has a name is read.
struct TimmEfficientNet: TorchFamily {
  var name: String { "EfficientNet, MobileNet or MnasNet (timm)" }
  var needsVariant: Bool { true }
  let classifiers = ["classifier."]
  var variants: [TorchVariant] { Self.all }

  func matches(_ weights: StateDictionary) -> Bool {
    weights.has("conv_stem.weight") && weights.has("blocks.0.0.conv_dw.weight") && weights.has("classifier.weight")
  }

  func preprocessing(side: Int, of weights: StateDictionary) -> Preprocessing {
    var usual = Preprocessing.torchvision(side: side)
    usual.filter = .bicubic
    return usual
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    guard let name = network.variant?.name else {
      throw .options(
        reason: "these names do not tell how the network pads: state its own name, such as tf_efficientnet_b0")
    }
    if name.hasPrefix("tf_") {
      network.padsLikeTensorFlow = true
      network.epsilon = 0.001
    }
    if name.contains("mobilenetv3") {
      return try appendMobileNetV3(
        &network, input, isSmall: name.contains("small"), isMinimal: name.contains("minimal"))
    }
    let function: Activation =
      if name.contains("mnasnet") { .relu } else if name.contains("lite") || name.contains("mobilenetv2") {
        .relu6
      } else {
        .silu
      }
    var node = try network.unit("conv_stem", "bn1", input, function, stride: 2, sides: [3])
    for (stage, stride) in zip(0...6, [1, 2, 2, 2, 1, 2, 1]) {
      node = try appendStage(stage, &network, node, function, (function, .sigmoid), stride: stride)
    }
    node = try network.unit("conv_head", "bn2", node, function)
    return try network.linear("classifier", try network.globalPool(node))
  }

  /// The last convolution follows the pooling. The minimal networks have neither hard swish nor squeeze-and-excite.
  private func appendMobileNetV3(
    _ network: inout TorchNetwork, _ input: Int, isSmall: Bool, isMinimal: Bool
  ) throws(ImportError) -> Int {
    let strides = isSmall ? [2, 2, 2, 1, 2, 1] : [1, 2, 2, 2, 1, 2, 1]
    let function: Activation = isMinimal ? .relu : .hardSwish
    let gate: (Activation, Activation) = (.relu, .hardSigmoid(slope: 1 / 6, offset: 0.5))
    var node = try network.unit("conv_stem", "bn1", input, function, stride: 2, sides: [3])
    for (stage, stride) in strides.enumerated() {
      let isEarly = stage < (isSmall ? 2 : 3)
      node = try appendStage(stage, &network, node, isEarly ? .relu : function, gate, stride: stride)
    }
    node = try network.convolution("conv_head", try network.globalPool(node, keepsDimensions: true))
    node = try network.flattened(try network.activation(function, node))
    return try network.linear("classifier", node)
  }

  private func appendStage(
    _ stage: Int, _ network: inout TorchNetwork, _ input: Int, _ function: Activation,
    _ gate: (inner: Activation, outer: Activation), stride: Int
  ) throws(ImportError) -> Int {
    var node = input
    for block in network.weights.indices(after: "blocks.\(stage).") {
      node = try appendBlock(
        "blocks.\(stage).\(block)", &network, node, function, gate, stride: block == 0 ? stride : 1)
    }
    return node
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
