/// An elementwise function: one value from the graph, through the plan, to the registers that a kernel stores.
///
/// Adding one is a case here with its line in `Activation+Table.swift` and its definition in `Activation+Definition.swift`, a
/// vector form in `Kernels`, a row of the specification, and a test. The declarations are public, though no product
/// exports them, because the compiler inlines only public code into the kernels' modules.
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
}
