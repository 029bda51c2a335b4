#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension Activation {
  /// The function's derivative in double precision; where it has a corner, that of the side below, as frameworks take it.
  package func derivative(at x: Double) -> Double {
    switch self {
    case .identity: return 1
    case .relu: return x > 0 ? 1 : 0
    case .relu6: return x > 0 && x < 6 ? 1 : 0
    case .elu(let alpha): return x > 0 ? 1 : Double(alpha) * exp(x)
    case .sigmoid: return self(x) * (1 - self(x))
    case .hardSigmoid(let slope, _): return self(x) > 0 && self(x) < 1 ? Double(slope) : 0
    case .hardSwish: return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6
    case .silu:
      let sigmoid = Activation.sigmoid(x)
      return sigmoid * (1 + x * (1 - sigmoid))
    case .tanh: return 1 - self(x) * self(x)
    case .leakyRelu(let slope): return x > 0 ? 1 : Double(slope)
    case .gelu: return erfc(-x / 2.0.squareRoot()) / 2 + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
    case .geluTanh:
      let factor = (2 / Double.pi).squareRoot()
      let tangent = Activation.tanh(factor * (x + 0.044715 * x * x * x))
      return (1 + tangent) / 2 + x * (1 - tangent * tangent) * factor * (1 + 3 * 0.044715 * x * x) / 2
    case .softplus: return Activation.sigmoid(x)
    case .selu: return x > 0 ? Self.seluScale : Self.seluScale * Self.seluAlpha * exp(x)
    case .exponential: return exp(x)
    case .clip(let minimum, let maximum): return x > Double(minimum) && x < Double(maximum) ? 1 : 0
    case .threshold(let threshold, _): return x > Double(threshold) ? 1 : 0
    case .erf: return 2 / Double.pi.squareRoot() * exp(-x * x)
    case .squareRoot: return 1 / (2 * x.squareRoot())
    }
  }
}
