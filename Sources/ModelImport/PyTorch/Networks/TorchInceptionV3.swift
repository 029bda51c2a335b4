import ModelGraph

/// Szegedy et al. 2015, "Rethinking the Inception Architecture": torchvision's and timm's `inception_v3`.
struct TorchInceptionV3: TorchFamily {
  var name: String { "InceptionV3" }
  let variants = [
    TorchVariant("inception_v3", 21_820_000)
  ]
  let classifiers = ["fc."]
  var ignored: [String] { ["AuxLogits."] }

  func matches(_ weights: StateDictionary) -> Bool {
    weights.has("Conv2d_1a_3x3.conv.weight") && weights.has("Mixed_7c.branch1x1.conv.weight")
      && weights.has("fc.weight")
  }

  var side: Int { 299 }

  /// torchvision's weights come from TensorFlow and take pixels of -1 to 1 (`transform_input`).
  func preprocessing(side: Int, of weights: StateDictionary) -> Preprocessing {
    var usual = Preprocessing.torchvision(side: side, shorterSide: 342)
    usual.mean = [0.5, 0.5, 0.5]
    usual.standardDeviation = [0.5, 0.5, 0.5]
    return usual
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    network.epsilon = 0.001
    var node = try network.basic("Conv2d_1a_3x3", input, stride: 2, padding: .valid, sides: [3])
    node = try network.basic("Conv2d_2a_3x3", node, padding: .valid)
    node = try network.maxPool("maxpool1", try network.basic("Conv2d_2b_3x3", node))
    node = try network.basic("Conv2d_3b_1x1", node)
    node = try network.maxPool("maxpool2", try network.basic("Conv2d_4a_3x3", node, padding: .valid))
    for part in ["5b", "5c", "5d"] {
      node = try appendBranches(
        "Mixed_\(part)",
        [["branch1x1"], ["branch5x5_1", "branch5x5_2"], ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"]],
        &network, node)
    }
    node = try appendReduction(
      "Mixed_6a", [["branch3x3"], ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"]], &network, node)
    for part in ["6b", "6c", "6d", "6e"] {
      node = try appendBranches(
        "Mixed_\(part)",
        [["branch1x1"], (1...3).map { "branch7x7_\($0)" }, (1...5).map { "branch7x7dbl_\($0)" }], &network, node)
    }
    node = try appendReduction(
      "Mixed_7a", [["branch3x3_1", "branch3x3_2"], (1...4).map { "branch7x7x3_\($0)" }], &network, node)
    for part in ["7b", "7c"] { node = try appendExpanded("Mixed_\(part)", &network, node) }
    return try network.linear("fc", try network.globalPool(node))
  }

  /// Parallel branches and an averaged one, joined.
  private func appendBranches(
    _ name: String, _ branches: [[String]], _ network: inout TorchNetwork, _ input: Int
  ) throws(ImportError) -> Int {
    var ends: [Int] = []
    for branch in branches { ends.append(try network.basics(branch.map { "\(name).\($0)" }, input)) }
    ends.append(try appendPooled(name, &network, input))
    return try network.concatenation("\(name).concat", ends)
  }

  /// Parallel branches whose last convolution has stride 2, and a max pool, joined.
  private func appendReduction(
    _ name: String, _ branches: [[String]], _ network: inout TorchNetwork, _ input: Int
  ) throws(ImportError) -> Int {
    var ends: [Int] = []
    for branch in branches {
      let node = try network.basics(branch.dropLast().map { "\(name).\($0)" }, input)
      ends.append(try network.basic("\(name).\(branch[branch.count - 1])", node, stride: 2, padding: .valid))
    }
    ends.append(try network.maxPool("\(name).pool", input))
    return try network.concatenation("\(name).concat", ends)
  }

  /// The last two modules: branches that end in a 1x3 and a 3x1 convolution side by side.
  private func appendExpanded(
    _ name: String, _ network: inout TorchNetwork, _ input: Int
  ) throws(ImportError) -> Int {
    var ends = [try network.basic("\(name).branch1x1", input)]
    for (branch, stem) in [("branch3x3", ["branch3x3_1"]), ("branch3x3dbl", ["branch3x3dbl_1", "branch3x3dbl_2"])] {
      let node = try network.basics(stem.map { "\(name).\($0)" }, input)
      let place = stem.count + 1
      for side in ["a", "b"] { ends.append(try network.basic("\(name).\(branch)_\(place)\(side)", node)) }
    }
    ends.append(try appendPooled(name, &network, input))
    return try network.concatenation("\(name).concat", ends)
  }

  private func appendPooled(
    _ name: String, _ network: inout TorchNetwork, _ input: Int
  ) throws(ImportError) -> Int {
    let pooled = try network.averagePool("\(name).pool", input, size: 3, stride: 1, padding: 1)
    return try network.basic("\(name).branch_pool", pooled)
  }
}
