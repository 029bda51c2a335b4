import ModelGraph

extension Rewrite {
  /// Gives a node a new bias for the sums of its main kernel, in place of the one that it has if it has one; the node is
  /// still to be put in its place.
  ///
  /// - Parameters:
  ///   - role: What the bias is called where a value is not finite.
  ///   - values: Makes it from the old one, which is nil where there is none.
  /// - Precondition: The node's operation has a kernel.
  mutating func changeBias(
    of node: inout Node, role: String, _ values: (_ old: [Float]?) throws(GraphError) -> [Double]
  ) throws(GraphError) {
    guard let kernel = node.operation.kernelPosition else {
      preconditionFailure("a \(node.operation.name) has no kernel")
    }
    let old = node.operation.hasBias ? node.parameters.remove(at: kernel + 1) : nil
    var oldValues: [Float]?
    if let old { oldValues = try node.values(of: tensors[old], "bias") }
    let rounded = try node.finite(try values(oldValues), role)
    let bias = Tensor(
      name: old.map { tensors[$0].name } ?? "\(node.name)/bias", dimensions: [rounded.count], values: rounded)
    node.parameters.insert(old.map { change($0, to: bias) } ?? add(bias), at: kernel + 1)
    node.operation.hasBias = true
  }

  /// Subtracts what a node's output was shifted by, for each channel, from its bias.
  mutating func subtract(_ shifts: [Double], fromBiasOf index: Int) throws(GraphError) {
    var node = nodes[index]
    try changeBias(of: &node, role: "corrected bias") { old in
      guard let old else { return shifts.map { -$0 } }
      return zip(old, shifts).map { Double($0) - $1 }
    }
    replace(index, with: node)
  }
}
