/// A batch normalization at inference, where it is one factor and one offset for each channel:
///
///     gamma * (x - mean) / sqrt(variance + epsilon) + beta = factor * x + offset
///     factor = gamma / sqrt(variance + epsilon),  offset = beta - mean * factor
package struct ChannelAffine {
  package var factors: [Double]
  package var offsets: [Double]

  package init(factors: [Double], offsets: [Double]) {
    self.factors = factors
    self.offsets = offsets
  }

  /// - Parameter parameters: Those of the normalization, in their order, one value for each channel.
  package init(_ normalization: BatchNormalization, _ parameters: [[Float]]) {
    var parameters = parameters[...]
    let gamma = normalization.hasGamma ? parameters.removeFirst() : nil
    let beta = normalization.hasBeta ? parameters.removeFirst() : nil
    let mean = parameters.removeFirst()
    let variance = parameters.removeFirst()
    factors = mean.indices.map { channel in
      Double(gamma?[channel] ?? 1) / (Double(variance[channel]) + Double(normalization.epsilon)).squareRoot()
    }
    offsets = []
    for (channel, factor) in factors.enumerated() {
      offsets.append(Double(beta?[channel] ?? 0) - Double(mean[channel]) * factor)
    }
  }
}
