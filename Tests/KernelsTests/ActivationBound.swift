import Kernels

/// What every activation is called with, and how far from its definition it may be.
enum ActivationBound {
  /// Both signs of: a dense range, all exponents, what is huge or tiny, and the places where a definition changes.
  static let arguments: [Float] = {
    let dense = (0...20_000).map { Float($0) / 64 }
    let exponents = (-149...127).flatMap { [Float(sign: .plus, exponent: $0, significand: 1.37), Float(scalbn: $0)] }
    let special: [Float] = [
      0.2, 0.5, 0.625, 1, 3, 6, 9.0625, 86.9, 87.4, 88.7, 88.73, 103.9, 104.1, .greatestFiniteMagnitude,
    ]
    let near = special.flatMap { [$0.nextDown, $0, $0.nextUp] }.filter { $0.isFinite }
    return (dense + exponents + near).flatMap { [$0, -$0] }
  }()

  static let functions: [Activation] =
    Activation.examples + [
      .elu(alpha: 0.3), .elu(alpha: 5), .hardSigmoid(slope: 0.2, offset: 0.5), .leakyRelu(slope: 3),
      .leakyRelu(slope: -0.5),
      .clip(minimum: -.infinity, maximum: 2), .threshold(threshold: 0, value: -7),
      .threshold(threshold: -0.0, value: 2),
    ]

  /// The error that `activate` promises, and half a unit of the last place of what cannot be nearer. Below the normal numbers
  /// a unit is 2^-149.
  static func of(_ activation: Activation, _ expected: Double) -> Double {
    let size = abs(expected)
    let unit = 0x1p-24
    switch activation {
    case .identity, .relu, .relu6, .clip, .threshold, .leakyRelu, .squareRoot: return unit * size + 0x1p-149
    case .tanh, .erf, .exponential, .softplus, .logarithm: return 5 * unit * size + 0x1p-148
    case .elu(let alpha): return 4 * unit * max(1, size, Double(alpha))
    default: return 4 * unit * max(1, size)
    }
  }
}

extension Float {
  fileprivate init(scalbn exponent: Int) { self.init(sign: .plus, exponent: exponent, significand: 1) }
}
