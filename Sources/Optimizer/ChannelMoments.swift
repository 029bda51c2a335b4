import ModelGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What is known of a value without running the network: the mean and the variance of each channel over pixels and images,
/// each channel being assumed to be normally distributed where more is needed.
struct ChannelMoments: Hashable {
  var means: [Double]
  var variances: [Double]

  /// After an activation; nil where it has no simple formula.
  ///
  /// With the density p and the distribution P of the normal distribution at m / s, of a channel of mean m and deviation s:
  ///
  ///     E[relu(x)]   = m P + s p
  ///     E[relu(x)^2] = (m^2 + s^2) P + m s p
  ///
  /// and relu6(x) = relu(x) - relu(u) with u = x - 6, where relu(x) = u + 6 wherever relu(u) is not 0.
  func activated(by activation: Activation) -> ChannelMoments? {
    switch activation {
    case .identity: self
    case .relu: mapped { Rectified(mean: $0, variance: $1).moments }
    case .relu6:
      mapped { mean, variance in
        let (low, high) = (Rectified(mean: mean, variance: variance), Rectified(mean: mean - 6, variance: variance))
        let expected = low.mean - high.mean
        return (expected, max(0, low.square - high.square - 12 * high.mean - expected * expected))
      }
    default: nil
    }
  }

  /// The sum of two values, assumed to be independent.
  static func + (a: ChannelMoments, b: ChannelMoments) -> ChannelMoments {
    ChannelMoments(means: zip(a.means, b.means).map(+), variances: zip(a.variances, b.variances).map(+))
  }

  /// The largest of some neighbors. Of independent normal values it lies about sqrt(ln count) deviations above the mean
  /// (1.03 of 4, 1.49 of 9), of values that correlate by r that times sqrt(1 - r). Neighbors are taken to correlate by 0.64,
  /// so that the factor is 0.6; anything from 0 to 0.8 instead costs Xception's features little.
  func maximum(of count: Int) -> ChannelMoments {
    let deviations = 0.6 * log(Double(count)).squareRoot()
    return mapped { ($0 + deviations * $1.squareRoot(), $1) }
  }

  /// The average of some pixels, assumed to be independent.
  func average(of count: Int) -> ChannelMoments { mapped { ($0, $1 / Double(count)) } }

  func repeated(_ count: Int) -> ChannelMoments {
    ChannelMoments(
      means: (0..<count).flatMap { _ in means }, variances: (0..<count).flatMap { _ in variances })
  }

  private func mapped(_ transform: (_ mean: Double, _ variance: Double) -> (Double, Double)) -> ChannelMoments {
    var result = self
    for channel in means.indices {
      (result.means[channel], result.variances[channel]) = transform(means[channel], variances[channel])
    }
    return result
  }
}

/// The first two moments of the positive part of a normal value.
private struct Rectified {
  var mean: Double
  var square: Double
  var moments: (Double, Double) { (mean, max(0, square - mean * mean)) }

  init(mean m: Double, variance: Double) {
    let s = variance.squareRoot()
    guard s > 0 else {
      mean = max(m, 0)
      square = mean * mean
      return
    }
    let density = exp(-m * m / (2 * variance)) / (2 * Double.pi).squareRoot()
    let distribution = erfc(-m / (s * 2.0.squareRoot())) / 2
    mean = m * distribution + s * density
    square = (m * m + variance) * distribution + m * s * density
  }
}
