import ModelGraph

/// Ma et al. 2018, "ShuffleNet V2", under torchvision's names.
struct ShuffleNetV2: TorchFamily {
  var name: String { "ShuffleNetV2" }
  let variants = [
    TorchVariant("shufflenet_v2_x0_5", 349_744),
    TorchVariant("shufflenet_v2_x1_0", 1_269_784),
    TorchVariant("shufflenet_v2_x1_5", 2_502_064),
    TorchVariant("shufflenet_v2_x2_0", 5_378_712),
  ]
  let classifiers = ["fc."]

  func matches(_ weights: StateDictionary) -> Bool {
    weights.has("conv1.0.weight") && weights.has("stage2.0.branch1.0.weight") && weights.has("conv5.0.weight")
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    var node = try network.unit("conv1.0", "conv1.1", input, stride: 2, sides: [3])
    node = try network.maxPool("maxpool", node, padding: 1)
    for stage in 2...4 {
      for block in network.weights.indices(after: "stage\(stage).") {
        node = try appendBlock("stage\(stage).\(block)", &network, node)
      }
    }
    node = try network.unit("conv5.0", "conv5.1", node)
    return try network.linear("fc", try network.globalPool(node))
  }

  /// The block that halves the map computes both branches from all channels; the others keep the first half as it is.
  private func appendBlock(
    _ name: String, _ network: inout TorchNetwork, _ input: Int
  ) throws(ImportError) -> Int {
    let halves = network.weights.has("\(name).branch1.0.weight")
    var (first, second) = (input, input)
    if halves {
      first = try network.unit("\(name).branch1.0", "\(name).branch1.1", input, .identity, stride: 2)
      first = try network.unit("\(name).branch1.2", "\(name).branch1.3", first)
    } else {
      first = try network.channelSlice("\(name).first", input, half: 0)
      second = try network.channelSlice("\(name).second", input, half: 1)
    }
    second = try network.unit("\(name).branch2.0", "\(name).branch2.1", second)
    second = try network.unit("\(name).branch2.3", "\(name).branch2.4", second, .identity, stride: halves ? 2 : 1)
    second = try network.unit("\(name).branch2.5", "\(name).branch2.6", second)
    let joined = try network.concatenation("\(name).concat", [first, second])
    return try network.plain("\(name).shuffle", .shuffleChannels(groups: 2), [joined])
  }
}

extension TorchNetwork {
  /// The first or the second half of the channels.
  mutating func channelSlice(_ name: String, _ input: Int, half: Int) throws(ImportError) -> Int {
    guard case .map(let height, let width, let channels) = builder.shape(of: input) else {
      throw .layer(name: name, reason: "cuts no map")
    }
    return try plain(
      name,
      .slice(
        Slice(
          rows: Slice.Axis(first: 0, count: height), columns: Slice.Axis(first: 0, count: width),
          channels: Slice.Axis(first: half * (channels / 2), count: channels / 2))), [input])
  }
}
