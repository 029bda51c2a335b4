import ModelGraph

extension TorchNetwork {
  /// torchvision's and timm's `BasicConv2d`: a convolution and its normalization, named `conv` and `bn`, and a ReLU.
  mutating func basic(
    _ name: String, _ input: Int, stride: Int = 1, padding: Padding? = nil, sides: [Int]? = nil
  ) throws(ImportError) -> Int {
    try unit("\(name).conv", "\(name).bn", input, stride: stride, padding: padding, sides: sides)
  }

  /// Several of them, one after the other.
  mutating func basics(_ names: [String], _ input: Int) throws(ImportError) -> Int {
    var node = input
    for name in names { node = try basic(name, node) }
    return node
  }
}

/// Szegedy et al. 2014, "Going Deeper with Convolutions", with batch normalization: torchvision's `googlenet`.
struct GoogLeNet: TorchFamily {
  var name: String { "GoogLeNet" }
  let variants = [
    TorchVariant("googlenet", 5_614_464)
  ]
  let classifiers = ["fc."]
  var ignored: [String] { ["aux1.", "aux2."] }

  func matches(_ weights: StateDictionary) -> Bool {
    weights.has("conv1.conv.weight") && weights.has("inception3a.branch1.conv.weight") && weights.has("fc.weight")
  }

  /// torchvision's weights come from TensorFlow and take pixels of -1 to 1 (`transform_input`).
  func preprocessing(side: Int, of weights: StateDictionary) -> Preprocessing {
    var usual = Preprocessing.torchvision(side: side)
    usual.mean = [0.5, 0.5, 0.5]
    usual.standardDeviation = [0.5, 0.5, 0.5]
    return usual
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    network.epsilon = 0.001
    var node = try network.basic("conv1", input, stride: 2, sides: [7])
    node = try network.maxPool("maxpool1", node, roundsUp: true)
    node = try network.basics(["conv2", "conv3"], node)
    node = try network.maxPool("maxpool2", node, roundsUp: true)
    for (index, part) in ["3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"].enumerated() {
      if index == 2 { node = try network.maxPool("maxpool3", node, roundsUp: true) }
      if index == 7 { node = try network.maxPool("maxpool4", node, size: 2, roundsUp: true) }
      node = try appendInception("inception\(part)", &network, node)
    }
    return try network.linear("fc", try network.globalPool(node))
  }

  private func appendInception(
    _ name: String, _ network: inout TorchNetwork, _ input: Int
  ) throws(ImportError) -> Int {
    var branches = [try network.basic("\(name).branch1", input)]
    for branch in 2...3 {
      branches.append(try network.basics(["\(name).branch\(branch).0", "\(name).branch\(branch).1"], input))
    }
    let pooled = try network.maxPool("\(name).branch4.0", input, stride: 1, padding: 1)
    branches.append(try network.basic("\(name).branch4.1", pooled))
    return try network.concatenation("\(name).concat", branches)
  }
}
