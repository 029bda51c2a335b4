import ModelGraph

/// Howard et al. 2019, "Searching for MobileNetV3", large and small, under torchvision's names.
struct MobileNetV3: TorchFamily {
  var name: String { "MobileNetV3" }
  let variants = [
    TorchVariant("mobilenet_v3_small", 1_529_968),
    TorchVariant("mobilenet_v3_large", 4_226_432),
  ]
  let classifiers = ["classifier.3."]

  func matches(_ weights: StateDictionary) -> Bool {
    weights.has("features.1.block.0.0.weight") && weights.has("classifier.3.weight")
      && weights.has("classifier.0.weight")
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    network.epsilon = 0.001
    let places = network.weights.indices(after: "features.")
    guard let last = places.last, last == 16 || last == 12 else {
      throw .model(reason: "has \(places.count) parts, expected those of the large or the small network")
    }
    let (halving, hardFrom): (Set<Int>, Int) = last == 16 ? ([2, 4, 7, 13], 7) : ([1, 2, 4, 9], 4)
    var node = try network.unit("features.0.0", "features.0.1", input, .hardSwish, stride: 2, sides: [3])
    for index in 1..<last {
      node = try appendBlock(
        "features.\(index).block", &network, node, index >= hardFrom ? .hardSwish : .relu,
        stride: halving.contains(index) ? 2 : 1)
    }
    node = try network.unit("features.\(last).0", "features.\(last).1", node, .hardSwish)
    node = try network.linear("classifier.0", try network.globalPool(node))
    return try network.linear("classifier.3", try network.activation(.hardSwish, node))
  }

  private func appendBlock(
    _ name: String, _ network: inout TorchNetwork, _ input: Int, _ function: Activation, stride: Int
  ) throws(ImportError) -> Int {
    let parts = network.weights.indices(after: name + ".")
    let spatial = parts.first { part in
      network.weights.dimensions(of: "\(name).\(part).0.weight").map { $0.count == 4 && $0[1] == 1 } ?? false
    }
    guard let spatial, let last = parts.last else {
      throw .weights(layer: name, reason: "has no depthwise convolution")
    }
    var node = input
    for part in parts {
      let part = "\(name).\(part)"
      if network.weights.has("\(part).fc1.weight") {
        node = try network.squeezeExcite(
          "\(part).fc1", "\(part).fc2", node, .relu, .hardSigmoid(slope: 1 / 6, offset: 0.5))
      } else {
        node = try network.unit(
          "\(part).0", "\(part).1", node, part == "\(name).\(last)" ? .identity : function,
          stride: part == "\(name).\(spatial)" ? stride : 1)
      }
    }
    guard stride == 1, network.channels(of: input) == network.channels(of: node) else { return node }
    return try network.sum("\(name).add", input, node)
  }
}
