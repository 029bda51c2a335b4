#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension Activation {
  /// The function's value in double precision: its definition. A NaN gives a NaN.
  public func callAsFunction(_ x: Double) -> Double {
    if x.isNaN { return x }
    switch self {
    case .identity: return x
    case .relu: return max(x, 0)
    case .relu6: return min(max(x, 0), 6)
    case .elu(let alpha): return x > 0 ? x : Double(alpha) * expm1(x)
    case .sigmoid: return 1 / (1 + exp(-x))
    case .hardSigmoid(let slope, let offset): return min(max(Double(slope) * x + Double(offset), 0), 1)
    case .hardSwish: return x <= -3 ? 0 : x * min(x + 3, 6) / 6
    case .silu: return x == -.infinity ? 0 : x / (1 + exp(-x))
    case .tanh: return tanhOf(x)
    case .leakyRelu(let slope): return x > 0 ? x : Double(slope) * x
    case .gelu: return x == -.infinity ? 0 : x * erfc(-x / 2.0.squareRoot()) / 2
    case .geluTanh:
      return x == -.infinity ? 0 : x * (1 + tanhOf((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x))) / 2
    case .softplus: return max(x, 0) + log1p(exp(-abs(x)))
    case .selu: return x > 0 ? Self.seluScale * x : Self.seluScale * Self.seluAlpha * expm1(x)
    case .exponential: return exp(x)
    case .clip(let minimum, let maximum): return min(max(x, Double(minimum)), Double(maximum))
    case .threshold(let threshold, let value): return x > Double(threshold) ? x : Double(value)
    case .erf: return erfOf(x)
    case .squareRoot: return x.squareRoot()
    }
  }

  public static var seluScale: Double { 1.05070098735548049342 }
  public static var seluAlpha: Double { 1.67326324235437728482 }

  /// The limits that the function is, where it is nothing else.
  @inlinable
  public var limits: (minimum: Float, maximum: Float)? {
    switch self {
    case .identity: (-.infinity, .infinity)
    case .relu: (0, .infinity)
    case .relu6: (0, 6)
    case .clip(let minimum, let maximum): (minimum, maximum)
    default: nil
    }
  }

  /// Whether `f(0) = 0`, so that zeros of padding may go through it.
  public var keepsZero: Bool { self(0) == 0 }

  /// Whether no value of it is negative.
  public var isNeverNegative: Bool {
    switch self {
    case .relu, .relu6, .sigmoid, .hardSigmoid, .softplus, .exponential, .squareRoot: true
    case .clip(let minimum, _): minimum >= 0
    case .threshold(let threshold, let value): threshold >= 0 && value >= 0
    case .identity, .elu, .hardSwish, .silu, .tanh, .leakyRelu, .gelu, .geluTanh, .selu, .erf: false
    }
  }
}

// The names of the cases hide those of the C library's functions.
private func tanhOf(_ x: Double) -> Double { tanh(x) }
private func erfOf(_ x: Double) -> Double { erf(x) }
