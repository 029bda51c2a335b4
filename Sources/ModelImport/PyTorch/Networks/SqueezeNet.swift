import ModelGraph

/// Iandola et al. 2016, "SqueezeNet", versions 1.0 and 1.1, under torchvision's names.
struct SqueezeNet: TorchFamily {
  var name: String { "SqueezeNet" }
  let variants = [
    TorchVariant("squeezenet1_0", 735_424),
    TorchVariant("squeezenet1_1", 722_496),
  ]
  let classifiers = ["classifier.1."]

  func matches(_ weights: StateDictionary) -> Bool {
    weights.has("features.0.weight") && weights.has("features.3.squeeze.weight") && weights.has("classifier.1.weight")
  }

  /// A place of the `Sequential` without weights, after the first ReLU, is a pool.
  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    var node = try network.convolution("features.0", input, stride: 2, padding: .valid, sides: [3, 7])
    node = try network.activation(.relu, node)
    var previous = 1
    for place in network.weights.indices(after: "features.").dropFirst() {
      if place > previous + 1 {
        node = try network.maxPool("features.\(previous + 1)", node, roundsUp: true)
      }
      let name = "features.\(place)"
      let squeezed = try network.activation(.relu, try network.convolution("\(name).squeeze", node))
      let narrow = try network.activation(.relu, try network.convolution("\(name).expand1x1", squeezed))
      let wide = try network.activation(.relu, try network.convolution("\(name).expand3x3", squeezed))
      node = try network.concatenation("\(name).concat", [narrow, wide])
      previous = place
    }
    node = try network.activation(.relu, try network.convolution("classifier.1", node))
    return try network.globalPool(node)
  }
}
