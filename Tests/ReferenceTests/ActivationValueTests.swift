import ModelGraph
import Reference
import TestSupport
import Testing

/// Every activation against a framework's values, and its derivative against its own differences.
@Suite struct ActivationValueTests {
  private static let arguments: [Double] = [-8, -2.5, -1, -0.25, 0, 0.25, 1, 2.5, 8]

  /// What a function of Keras 3.15.1 (`from keras import activations, ops`) gives for the arguments as a tensor of
  /// float64.
  private static let values: [(function: Activation, keras: String, values: [Double])] = [
    (.identity, "activations.linear(x)", [-8, -2.5, -1, -0.25, 0, 0.25, 1, 2.5, 8]),
    (.relu, "activations.relu(x)", [0, 0, 0, 0, 0, 0.25, 1, 2.5, 8]),
    (.relu6, "activations.relu6(x)", [0, 0, 0, 0, 0, 0.25, 1, 2.5, 6]),
    (
      .elu(alpha: 1), "activations.elu(x)",
      [-0.9996645373720975, -0.9179150013761012, -0.6321205588285577, -0.22119921692859512, 0, 0.25, 1, 2.5, 8]
    ),
    (
      .sigmoid, "activations.sigmoid(x)",
      [
        0.00033535013046647816, 0.07585818002124356, 0.2689414213699951, 0.4378234991142019, 0.5, 0.5621765008857981,
        0.7310585786300049, 0.9241418199787564, 0.9996646498695335,
      ]
    ),
    (
      .hardSigmoid(slope: 1 / 6, offset: 0.5), "activations.hard_sigmoid(x)",
      [
        0, 0.08333333333333333, 0.3333333333333333, 0.4583333333333333, 0.5, 0.5416666666666666, 0.6666666666666666,
        0.9166666666666666, 1,
      ]
    ),
    (
      .hardSwish, "activations.hard_swish(x)",
      [
        0, -0.20833333333333331, -0.3333333333333333, -0.11458333333333333, 0, 0.13541666666666666, 0.6666666666666666,
        2.2916666666666665, 8,
      ]
    ),
    (
      .silu, "activations.silu(x)",
      [
        -0.0026828010437318253, -0.1896454500531089, -0.2689414213699951, -0.10945587477855047, 0, 0.14054412522144952,
        0.7310585786300049, 2.310354549946891, 7.997317198956268,
      ]
    ),
    (
      .tanh, "activations.tanh(x)",
      [
        -0.999999774929676, -0.9866142981514302, -0.7615941559557649, -0.2449186624037091, 0, 0.2449186624037091,
        0.7615941559557649, 0.9866142981514302, 0.9999997749296758,
      ]
    ),
    (
      .leakyRelu(slope: 0.2), "activations.leaky_relu(x)",
      [-1.600000023841858, -0.5000000074505806, -0.20000000298023224, -0.05000000074505806, 0, 0.25, 1, 2.5, 8]
    ),
    (
      .gelu, "activations.gelu(x)",
      [
        -4.976773993240405e-15, -0.015524165189340976, -0.15865525807260966, -0.10032341899286551, 0,
        0.1496765810071345, 0.8413447419273903, 2.484475834810659, 7.999999999999995,
      ]
    ),
    (
      .geluTanh, "activations.gelu(x, approximate=True)",
      [
        0, -0.01508426666800941, -0.15880800972132364, -0.10032464930063056, 0, 0.14967535069936944, 0.8411919902786764,
        2.4849157333319907, 8,
      ]
    ),
    (
      .softplus, "activations.softplus(x)",
      [
        0.0003354063728957689, 0.07888973429254963, 0.3132616875182228, 0.5759394198788435, 0.6931471805599453,
        0.8259394198788433, 1.3132616875182228, 2.5788897342925496, 8.000335406372896,
      ]
    ),
    (
      .selu, "activations.selu(x)",
      [
        -1.7575095642223826, -1.6137857588732425, -1.1113307378125628, -0.388890197478119, 0, 0.2626752468388701,
        1.0507009873554805, 2.626752468388701, 8.405607898843844,
      ]
    ),
    (
      .exponential, "activations.exponential(x)",
      [
        0.00033546262790251185, 0.0820849986238988, 0.3678794411714423, 0.7788007830714049, 1, 1.2840254166877414,
        2.7182818284590455, 12.182493960703473, 2980.9579870417283,
      ]
    ),
    (.clip(minimum: -1, maximum: 1), "ops.clip(x, -1, 1)", [-1, -1, -1, -0.25, 0, 0.25, 1, 1, 1]),
    (.threshold(threshold: 0.5, value: 0), "activations.threshold(x, 0.5, 0)", [0, 0, 0, 0, 0, 0, 1, 2.5, 8]),
    (
      .erf, "ops.erf(x)",
      [
        -1, -0.999593047982555, -0.8427007929497148, -0.2763263901682369, 0, 0.2763263901682369, 0.8427007929497148,
        0.999593047982555, 1,
      ]
    ),
    (
      .squareRoot, "ops.sqrt(ops.abs(x))",
      [2.8284271247461903, 1.5811388300841898, 1, 0.5, 0, 0.5, 1, 1.5811388300841898, 2.8284271247461903]
    ),
    (
      .logarithm, "ops.log(ops.abs(x))",
      [
        2.0794415416798357, 0.9162907318741551, 0, -1.3862943611198906, -.infinity, -1.3862943611198906, 0,
        0.9162907318741551, 2.0794415416798357,
      ]
    ),
  ]

  @Test func `Every function has values of a framework`() {
    #expect(Self.values.map(\.function) == Activation.examples)
  }

  @Test(arguments: values.indices) func `A function gives a framework's values`(index: Int) throws {
    let (function, keras, values) = Self.values[index]
    var builder = GraphBuilder()
    try builder.append("input", .input(.vector(values.count)))
    try builder.append("node", .activation(function), [0])
    let arguments = Self.arguments.map { Float(function.isDefinedBelowZero ? $0 : abs($0)) }
    for (found, expected) in zip(try ReferenceExecutor(builder.graph).run(arguments), values) {
      let isEqual = Double(found) == expected
      #expect(isEqual || abs(Double(found) - expected) <= 0x1p-23 * max(1, abs(expected)), "\(keras)")
    }
  }

  @Test(arguments: Activation.examples) func `A derivative is the slope between two near values`(function: Activation) {
    // None is at a corner of a function.
    for x in [-7.3, -2.5, -0.7, -0.3, 0.3, 0.7, 2.5, 7.3] where function(x).isFinite {
      let slope = (function(x + 1e-5) - function(x - 1e-5)) / 2e-5
      #expect(abs(function.derivative(at: x) - slope) <= 1e-6 * max(1, abs(slope)), "\(function) at \(x)")
    }
  }
}
