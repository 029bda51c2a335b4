#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The exponentials of the logits divided by their sum, in double precision; the largest is subtracted first, so that none
/// overflows.
func softmax(_ logits: [Float]) -> [Float] {
  let largest = Double(logits.max() ?? 0)
  let exponentials = logits.map { exp(Double($0) - largest) }
  let sum = exponentials.reduce(0, +)
  return exponentials.map { Float($0 / sum) }
}
