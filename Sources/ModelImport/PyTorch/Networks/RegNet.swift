import ModelGraph

/// Radosavovic et al. 2020, "Designing Network Design Spaces": RegNetX and RegNetY under torchvision's names.
struct RegNet: TorchFamily {
  var name: String { "RegNet" }

  func matches(_ weights: StateDictionary) -> Bool {
    weights.has("stem.0.weight") && weights.hasPrefix("trunk_output.block1.block1-0.f.a.0") && weights.has("fc.weight")
  }

  func append(to network: inout TorchNetwork, _ input: Int) throws(ImportError) -> Int {
    var node = try network.unit("stem.0", "stem.1", input, stride: 2)
    for stage in network.weights.indices(after: "trunk_output.block") {
      let prefix = "trunk_output.block\(stage).block\(stage)-"
      for block in network.weights.indices(after: prefix) {
        node = try appendBlock("\(prefix)\(block)", &network, node, stride: block == 0 ? 2 : 1)
      }
    }
    return try network.linear("fc", try network.globalPool(node))
  }

  private func appendBlock(
    _ name: String, _ network: inout TorchNetwork, _ input: Int, stride: Int
  ) throws(ImportError) -> Int {
    var node = try network.unit("\(name).f.a.0", "\(name).f.a.1", input)
    node = try network.unit("\(name).f.b.0", "\(name).f.b.1", node, stride: stride)
    if network.weights.has("\(name).f.se.fc1.weight") {
      node = try network.squeezeExcite("\(name).f.se.fc1", "\(name).f.se.fc2", node, .relu, .sigmoid)
    }
    node = try network.unit("\(name).f.c.0", "\(name).f.c.1", node, .identity)
    let hasProjection = network.weights.has("\(name).proj.0.weight")
    let shortcut =
      hasProjection ? try network.unit("\(name).proj.0", "\(name).proj.1", input, .identity, stride: stride) : input
    return try network.activation(.relu, try network.sum("\(name).add", shortcut, node))
  }
}
