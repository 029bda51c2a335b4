#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// McNemar's test: whether two models that answered the same pictures differ in how often they are right.
///
/// Only the pictures that one model has right and the other wrong say anything. Where the models are equally good, each
/// of these is as likely to be the one's as the other's.
package struct McNemar: Hashable, Sendable {
  package let onlyFirst: Int
  package let onlySecond: Int

  package init(onlyFirst: Int, onlySecond: Int) {
    self.onlyFirst = onlyFirst
    self.onlySecond = onlySecond
  }

  /// The probability of a difference at least as large between equally good models: the exact two-sided binomial test.
  package var probability: Double {
    let (n, fewer) = (onlyFirst + onlySecond, min(onlyFirst, onlySecond))
    guard onlyFirst != onlySecond else { return 1 }
    // Terms from the largest down, each computed from its neighbor: below 2^-60 of the sum the rest does not matter.
    var term = exp(logBinomial(n, fewer) - Double(n) * log(2.0))
    var (sum, k) = (0.0, fewer)
    while term > 0 {
      sum += term
      guard k > 0, term > sum * 0x1p-60 else { break }
      term *= Double(k) / Double(n - k + 1)
      k -= 1
    }
    return min(1, 2 * sum)
  }

  /// The logarithm of the binomial coefficient n over k.
  private func logBinomial(_ n: Int, _ k: Int) -> Double { lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) }

  private func lgamma(_ value: Int) -> Double {
    #if canImport(Darwin)
      return Darwin.lgamma(Double(value))
    #elseif canImport(Musl)
      return Musl.lgamma(Double(value))
    #else
      return Glibc.lgamma(Double(value))
    #endif
  }
}

extension McNemar: Encodable {
  private enum Key: String, CodingKey {
    case onlyFirst, onlySecond, probability
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(onlyFirst, forKey: .onlyFirst)
    try container.encode(onlySecond, forKey: .onlySecond)
    try container.encode(probability, forKey: .probability)
  }
}
