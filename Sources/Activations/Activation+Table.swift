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
    }
  }

  /// One of each function, in the order of their numbers from 0 on, with parameters that stand for any.
  public static let examples: [Activation] = [
    .identity, .relu, .relu6, .elu(alpha: 1), .sigmoid, .hardSigmoid(slope: 1 / 6, offset: 0.5), .hardSwish, .silu,
    .tanh,
    .leakyRelu(slope: 0.2), .gelu, .geluTanh, .softplus, .selu, .exponential, .clip(minimum: -1, maximum: 1),
    .threshold(threshold: 0.5, value: 0), .erf, .squareRoot,
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
      .erf, .squareRoot:
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
