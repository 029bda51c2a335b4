#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// An elementwise function: one value from the graph, through the plan, to the registers that a kernel stores.
///
/// Adding one is a case here with its definition and its entry, a vector form in `Kernels`, a row of the specification, and a
/// framework's values in a test. The declarations are public, though no product exports them, because the compiler inlines
/// only public code into the kernels' modules.
@frozen
public enum Activation: Hashable, Sendable {
  case identity
  /// max(x, 0)
  case relu
  /// min(max(x, 0), 6)
  case relu6
  /// x where x > 0, else alpha * (exp(x) - 1)
  case elu(alpha: Float)
  /// 1 / (1 + exp(-x))
  case sigmoid
  /// min(max(slope * x + offset, 0), 1): slope 1/6 and offset 1/2 in Keras 3 and PyTorch, 1/5 and 1/2 in Keras 1 and 2
  case hardSigmoid(slope: Float, offset: Float)
  /// x * min(max(x + 3, 0), 6) / 6 (Howard et al. 2019, "Searching for MobileNetV3")
  case hardSwish
  /// x / (1 + exp(-x)), also called swish
  case silu
  case tanh
  /// x where x > 0, else slope * x
  case leakyRelu(slope: Float)
  /// x * (1 + erf(x / sqrt(2))) / 2 (Hendrycks and Gimpel 2016, "Gaussian Error Linear Units")
  case gelu
  /// x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2
  case geluTanh
  /// log(1 + exp(x))
  case softplus
  /// 1.05070098 * x where x > 0, else 1.05070098 * 1.67326324 * (exp(x) - 1) (Klambauer et al. 2017, "Self-Normalizing
  /// Neural Networks")
  case selu
  /// exp(x)
  case exponential
  /// min(max(x, minimum), maximum), either of which may be infinite
  case clip(minimum: Float, maximum: Float)
  /// x where x > threshold, else value
  case threshold(threshold: Float, value: Float)
  /// The error function.
  case erf
  case squareRoot
  /// The natural logarithm.
  case logarithm
}

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
    case .logarithm: return logarithmOf(x)
    }
  }

  /// The function's derivative in double precision; at a corner, that of the side below, as frameworks take it.
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
    case .logarithm: return 1 / x
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

  /// Whether it is a number for negative numbers too.
  public var isDefinedBelowZero: Bool { self != .squareRoot && self != .logarithm }

  /// Whether no value of it is negative.
  public var isNeverNegative: Bool {
    switch self {
    case .relu, .relu6, .sigmoid, .hardSigmoid, .softplus, .exponential, .squareRoot: true
    case .clip(let minimum, _): minimum >= 0
    case .threshold(let threshold, let value): threshold >= 0 && value >= 0
    case .identity, .elu, .hardSwish, .silu, .tanh, .leakyRelu, .gelu, .geluTanh, .selu, .erf, .logarithm: false
    }
  }
}

extension Activation {
  /// What is written of a function: its number in a file, its name, and its parameters with their names.
  private var entry: (code: UInt32, name: String, parameters: [(name: String, value: Float)]) {
    switch self {
    case .identity: (0, "identity", [])
    case .relu: (1, "relu", [])
    case .relu6: (2, "relu6", [])
    case .elu(let alpha): (3, "elu", [("alpha", alpha)])
    case .sigmoid: (4, "sigmoid", [])
    case .hardSigmoid(let slope, let offset): (5, "hard sigmoid", [("slope", slope), ("offset", offset)])
    case .hardSwish: (6, "hard swish", [])
    case .silu: (7, "silu", [])
    case .tanh: (8, "tanh", [])
    case .leakyRelu(let slope): (9, "leaky relu", [("slope", slope)])
    case .gelu: (10, "gelu", [])
    case .geluTanh: (11, "gelu by tanh", [])
    case .softplus: (12, "softplus", [])
    case .selu: (13, "selu", [])
    case .exponential: (14, "exponential", [])
    case .clip(let minimum, let maximum): (15, "clip", [("minimum", minimum), ("maximum", maximum)])
    case .threshold(let threshold, let value): (16, "threshold", [("threshold", threshold), ("value", value)])
    case .erf: (17, "erf", [])
    case .squareRoot: (18, "square root", [])
    case .logarithm: (19, "logarithm", [])
    }
  }

  /// One of each function, in the order of their numbers from 0 on, with parameters that stand for any.
  public static let examples: [Activation] = [
    .identity, .relu, .relu6, .elu(alpha: 1), .sigmoid, .hardSigmoid(slope: 1 / 6, offset: 0.5), .hardSwish, .silu,
    .tanh,
    .leakyRelu(slope: 0.2), .gelu, .geluTanh, .softplus, .selu, .exponential, .clip(minimum: -1, maximum: 1),
    .threshold(threshold: 0.5, value: 0), .erf, .squareRoot, .logarithm,
  ]

  /// Its number in a file.
  public var code: UInt32 { entry.code }

  public var name: String { entry.name }

  public var parameters: [(name: String, value: Float)] { entry.parameters }

  /// The same function with other parameters.
  ///
  /// - Precondition: As many values as it has parameters.
  public func replacingParameters(_ values: [Float]) -> Activation {
    switch self {
    case .elu: .elu(alpha: values[0])
    case .hardSigmoid: .hardSigmoid(slope: values[0], offset: values[1])
    case .leakyRelu: .leakyRelu(slope: values[0])
    case .clip: .clip(minimum: values[0], maximum: values[1])
    case .threshold: .threshold(threshold: values[0], value: values[1])
    case .identity, .relu, .relu6, .sigmoid, .hardSwish, .silu, .tanh, .gelu, .geluTanh, .softplus, .selu, .exponential,
      .erf, .squareRoot, .logarithm:
      self
    }
  }
}

extension Activation: CustomStringConvertible {
  /// Its name, and its parameters where there are any: `leaky relu of slope 0.2`.
  public var description: String {
    if case .elu(1) = self { return name }
    guard !parameters.isEmpty else { return name }
    return name + " of " + parameters.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
  }
}

// The names of the cases hide those of the C library's functions.
private func tanhOf(_ x: Double) -> Double { tanh(x) }
private func erfOf(_ x: Double) -> Double { erf(x) }
private func logarithmOf(_ x: Double) -> Double { log(x) }
