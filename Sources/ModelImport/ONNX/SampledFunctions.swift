import ModelGraph

/// A value as functions of earlier values of the graph, where only elementwise functions and single constants are in
/// between: each function is represented by its values at chosen points.
///
/// Exporters write activations in many ways (`x * sigmoid(x)`, `x * clip(x + 3, 0, 6) / 6`, GELU with `Erf` and three
/// orders of its factors). However it is written, the values tell which function it is.
struct SampledFunctions {
  private struct Function {
    var values: [Double]
    var steps: Int
  }

  /// By the node of the earlier value.
  private var functions: [Int: Function]

  private static let points: [Double] =
    (-48...48).map { Double($0) / 8 + 0.01 } + [-1e6, -1000, -90, -40, -20, -9, -7.5, 7.5, 9, 20, 40, 90, 1000, 1e6]
  /// The longest form, hard swish, takes four steps.
  private static let longest = 6

  /// The value of a node as itself.
  init(of node: Int) { functions = [node: Function(values: Self.points, steps: 0)] }

  private init(_ functions: [Int: Function]) { self.functions = functions }

  /// A function of the value.
  func mapped(_ body: (Double) -> Double) -> SampledFunctions {
    SampledFunctions(
      functions.filter { $0.value.steps < Self.longest }
        .mapValues { Function(values: $0.values.map(body), steps: $0.steps + 1) })
  }

  /// A function of this value and another, for those earlier values that both are functions of.
  func combined(with other: SampledFunctions, _ body: (Double, Double) -> Double) -> SampledFunctions {
    var result: [Int: Function] = [:]
    for (node, function) in functions where function.steps < Self.longest {
      guard let others = other.functions[node] else { continue }
      result[node] = Function(
        values: zip(function.values, others.values).map(body), steps: max(function.steps, others.steps) + 1)
    }
    return SampledFunctions(result)
  }

  /// The same, seen from the node that computes it.
  func adding(_ node: Int) -> SampledFunctions {
    var result = self
    result.functions[node] = Function(values: Self.points, steps: 0)
    return result
  }

  /// The earliest value of which this is a known activation, in more steps than one.
  func activation() -> (node: Int, activation: Activation)? {
    for (node, function) in functions.sorted(by: { $0.key < $1.key }) where function.steps > 1 {
      if let known = Self.known.first(where: { Self.isClose(function.values, $0.values) }) {
        return (node, known.activation)
      }
    }
    return nil
  }

  private static let known: [(activation: Activation, values: [Double])] = [
    .silu, .gelu, .geluTanh, .hardSwish, .hardSigmoid(slope: 1 / 6, offset: 0.5), .hardSigmoid(slope: 0.2, offset: 0.5),
    .sigmoid, .tanh, .softplus, .relu, .relu6, .elu(alpha: 1), .selu,
  ].map { (activation: Activation) in (activation, points.map { activation($0) }) }

  /// Constants are written as 32-bit floats.
  private static func isClose(_ values: [Double], _ others: [Double]) -> Bool {
    zip(values, others).allSatisfy { ($0 - $1).magnitude <= 2e-6 * (1 + $1.magnitude) }
  }
}
