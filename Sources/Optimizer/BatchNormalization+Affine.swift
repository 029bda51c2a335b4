import ModelGraph

extension Node {
  /// The factor and the offset of each channel of a batch normalization.
  func affine(_ normalization: BatchNormalization, _ tensors: [Tensor]) throws(GraphError) -> ChannelAffine {
    let roles =
      (normalization.hasGamma ? ["gamma"] : []) + (normalization.hasBeta ? ["beta"] : []) + ["mean", "variance"]
    var read: [[Float]] = []
    for (role, parameter) in zip(roles, parameters) { read.append(try values(of: tensors[parameter], role)) }
    if let channel = read[read.count - 1].firstIndex(where: { !($0 >= 0) }) {
      throw GraphError(
        node: name,
        reason: "channel \(channel) has the variance \(read[read.count - 1][channel]), expected at least 0")
    }
    let affine = ChannelAffine(normalization, read)
    for channel in affine.factors.indices {
      _ = try finite(affine.factors[channel], "factor", channel)
      _ = try finite(affine.offsets[channel], "offset", channel)
    }
    return affine
  }

  /// All values of one of the node's weights, scaled.
  func values(of tensor: Tensor, _ role: String) throws(GraphError) -> [Float] {
    do {
      return try tensor.values()
    } catch {
      throw GraphError(
        node: name, reason: "its \(role) \"\(tensor.name)\" cannot be read: \(error)", file: error as? WeightFormatError
      )
    }
  }

  /// Rounds a folded value to a float, which must be finite.
  func finite(_ value: Double, _ role: String, _ channel: Int) throws(GraphError) -> Float {
    let rounded = Float(value)
    guard rounded.isFinite else {
      throw GraphError(node: name, reason: "channel \(channel) has the \(role) \(value), expected a finite float")
    }
    return rounded
  }

  /// Rounds one folded value for each channel.
  func finite(_ values: [Double], _ role: String) throws(GraphError) -> [Float] {
    var rounded: [Float] = []
    rounded.reserveCapacity(values.count)
    for (channel, value) in values.enumerated() { rounded.append(try finite(value, role, channel)) }
    return rounded
  }
}
