import ModelGraph

/// A batch normalization at inference, where it is one factor and one offset for each channel:
///
///     gamma * (x - mean) / sqrt(variance + epsilon) + beta = factor * x + offset
///     factor = gamma / sqrt(variance + epsilon),  offset = beta - mean * factor
struct ChannelAffine {
  var factors: [Double]
  var offsets: [Double]
}

extension Node {
  /// The factor and the offset of each channel of a batch normalization.
  func affine(_ normalization: BatchNormalization, _ tensors: [Tensor]) throws(GraphError) -> ChannelAffine {
    var position = 0
    func next(_ role: String) throws(GraphError) -> [Float] {
      defer { position += 1 }
      return try values(of: tensors[parameters[position]], role)
    }
    let gamma = normalization.hasGamma ? try next("gamma") : nil
    let beta = normalization.hasBeta ? try next("beta") : nil
    let mean = try next("mean")
    let variance = try next("variance")
    var affine = ChannelAffine(factors: [], offsets: [])
    for channel in mean.indices {
      guard variance[channel] >= 0 else {
        throw GraphError(
          node: name, reason: "channel \(channel) has the variance \(variance[channel]), expected at least 0")
      }
      let deviation = (Double(variance[channel]) + Double(normalization.epsilon)).squareRoot()
      let factor = Double(gamma?[channel] ?? 1) / deviation
      let offset = Double(beta?[channel] ?? 0) - Double(mean[channel]) * factor
      _ = try finite(factor, "factor", channel)
      _ = try finite(offset, "offset", channel)
      affine.factors.append(factor)
      affine.offsets.append(offset)
    }
    return affine
  }

  /// All values of one of the node's weights, scaled.
  func values(of tensor: Tensor, _ role: String) throws(GraphError) -> [Float] {
    do {
      return try tensor.values()
    } catch {
      throw GraphError(node: name, reason: "its \(role) \"\(tensor.name)\" cannot be read: \(error)")
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
