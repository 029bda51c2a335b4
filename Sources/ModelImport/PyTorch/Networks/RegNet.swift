import ModelGraph

/// Radosavovic et al. 2020, "Designing Network Design Spaces": RegNetX and RegNetY under torchvision's or timm's names.
struct RegNet: TorchFamily {
  enum Names { case torchvision, timm }

  private let names: Names

  init(_ names: Names) { self.names = names }

  var name: String { names == .timm ? "RegNet (timm)" : "RegNet" }
  var classifiers: [String] { names == .timm ? ["head.fc."] : ["fc."] }

  var variants: [TorchVariant] {
    switch names {
    case .torchvision:
      [
        TorchVariant("regnet_x_400mf", 5_132_832), TorchVariant("regnet_x_800mf", 6_623_968),
        TorchVariant("regnet_x_1_6gf", 8_320_640), TorchVariant("regnet_x_3_2gf", 14_350_112),
        TorchVariant("regnet_x_8gf", 37_742_112), TorchVariant("regnet_x_16gf", 52_340_704),
        TorchVariant("regnet_x_32gf", 105_452_576), TorchVariant("regnet_y_400mf", 3_930_296),
        TorchVariant("regnet_y_800mf", 5_677_944), TorchVariant("regnet_y_1_6gf", 10_366_102),
        TorchVariant("regnet_y_3_2gf", 17_989_498), TorchVariant("regnet_y_8gf", 37_451_000),
        TorchVariant("regnet_y_16gf", 80_687_956), TorchVariant("regnet_y_32gf", 141_492_058),
      ]
    case .timm:
      [
        TorchVariant("regnetx_002", 2_336_640), TorchVariant("regnetx_004", 4_809_184),
        TorchVariant("regnetx_006", 5_700_320), TorchVariant("regnetx_008", 6_623_968),
        TorchVariant("regnetx_016", 8_320_640), TorchVariant("regnetx_032", 14_350_112),
        TorchVariant("regnetx_040", 20_833_312), TorchVariant("regnetx_064", 24_658_464),
        TorchVariant("regnetx_080", 37_742_112), TorchVariant("regnetx_120", 43_961_440),
        TorchVariant("regnetx_160", 52_340_704), TorchVariant("regnetx_320", 105_452_576),
        TorchVariant("regnety_002", 2_814_844), TorchVariant("regnety_004", 3_930_296),
        TorchVariant("regnety_006", 5_475_920), TorchVariant("regnety_008", 5_524_056),
        TorchVariant("regnety_016", 10_366_102), TorchVariant("regnety_032", 17_989_498),
        TorchVariant("regnety_040", 19_619_928), TorchVariant("regnety_064", 29_368_684),
        TorchVariant("regnety_080", 37_248_812), TorchVariant("regnety_120", 49_677_928),
        TorchVariant("regnety_160", 80_687_956), TorchVariant("regnety_320", 141_492_058),
      ]
    }
  }

  func matches(_ weights: StateDictionary) -> Bool {
    switch names {
    case .torchvision:
      weights.has("stem.0.weight") && weights.hasPrefix("trunk_output.block1.block1-0.f.a.0")
        && weights.has("fc.weight")
    case .timm:
      weights.has("stem.conv.weight") && weights.has("s1.b1.conv2.bn.weight") && weights.has("head.fc.weight")
    }
  }

  func preprocessing(side: Int, of weights: StateDictionary) -> Preprocessing {
    var usual = Preprocessing.torchvision(side: side)
    if names == .timm { usual.filter = .bicubic }
    return usual
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    let stem = names == .timm ? ("stem.conv", "stem.bn") : ("stem.0", "stem.1")
    var node = try network.unit(stem.0, stem.1, input, stride: 2, sides: [3])
    for stage in network.weights.indices(after: names == .timm ? "s" : "trunk_output.block") {
      let prefix = names == .timm ? "s\(stage).b" : "trunk_output.block\(stage).block\(stage)-"
      for (index, block) in network.weights.indices(after: prefix).enumerated() {
        node = try appendBlock("\(prefix)\(block)", &network, node, stride: index == 0 ? 2 : 1)
      }
    }
    return try network.linear(names == .timm ? "head.fc" : "fc", try network.globalPool(node))
  }

  private func appendBlock(
    _ name: String, _ network: inout TorchNetwork, _ input: Int, stride: Int
  ) throws(ImportError) -> Int {
    let body = names == .timm ? name : "\(name).f"
    let steps = names == .timm ? ["conv1", "conv2", "conv3"] : ["a", "b", "c"]
    var node = input
    for (index, step) in steps.enumerated() {
      if index == 2, network.weights.has("\(body).se.fc1.weight") {
        node = try network.squeezeExcite("\(body).se.fc1", "\(body).se.fc2", node, .relu, .sigmoid)
      }
      node = try append(
        "\(body).\(step)", &network, node, index == 2 ? .identity : .relu, stride: index == 1 ? stride : 1)
    }
    let projection = names == .timm ? "\(name).downsample" : "\(name).proj"
    let hasProjection = network.weights.hasPrefix(projection)
    let shortcut = hasProjection ? try append(projection, &network, input, .identity, stride: stride) : input
    return try network.activation(.relu, try network.sum("\(name).add", shortcut, node))
  }

  /// A convolution with its normalization, which torchvision numbers and timm names.
  private func append(
    _ name: String, _ network: inout TorchNetwork, _ input: Int, _ function: Activation, stride: Int
  ) throws(ImportError) -> Int {
    let parts = names == .timm ? ("conv", "bn") : ("0", "1")
    return try network.unit("\(name).\(parts.0)", "\(name).\(parts.1)", input, function, stride: stride)
  }
}
