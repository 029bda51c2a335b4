import ModelGraph

extension ONNXTranslator {
  typealias Rule = @Sendable (inout ONNXTranslator, ONNXOperation) throws -> [ONNXValue]

  /// The operations that are known, by ONNX's names. Adding one is a line here and a function for its topic.
  static let rules: [String: Rule] = [
    // Products with weights.
    "Conv": { try [$0.convolution($1)] },
    "ConvTranspose": { try [$0.transposedConvolution($1)] },
    "Gemm": { try [$0.gemm($1)] },
    "MatMul": { try [$0.matrixProduct($1)] },
    // Normalizations.
    "BatchNormalization": { try [$0.batchNormalization($1)] },
    "LayerNormalization": { try [$0.layerNormalization($1)] },
    "LpNormalization": { try [$0.unitNormalization($1)] },
    "InstanceNormalization": { try [$0.instanceNormalization($1)] },
    "LRN": { try [$0.localResponseNormalization($1)] },
    // Activations.
    "Relu": { try [$0.activation(.relu, $1)] },
    "Sigmoid": { try [$0.activation(.sigmoid, $1)] },
    "Tanh": { try [$0.activation(.tanh, $1)] },
    "Erf": { try [$0.activation(.erf, $1)] },
    "Exp": { try [$0.activation(.exponential, $1)] },
    "Log": { try [$0.activation(.logarithm, $1)] },
    "Sqrt": { try [$0.activation(.squareRoot, $1)] },
    "Softplus": { try [$0.activation(.softplus, $1)] },
    "HardSwish": { try [$0.activation(.hardSwish, $1)] },
    "Elu": { try [$0.activation(.elu(alpha: $1.float("alpha", default: 1)), $1)] },
    "LeakyRelu": { try [$0.activation(.leakyRelu(slope: $1.float("alpha", default: 0.01)), $1)] },
    "HardSigmoid": {
      try [
        $0.activation(
          .hardSigmoid(slope: $1.float("alpha", default: 0.2), offset: $1.float("beta", default: 0.5)), $1)
      ]
    },
    "ThresholdedRelu": { try [$0.activation(.threshold(threshold: $1.float("alpha", default: 1), value: 0), $1)] },
    "Selu": { try [$0.selu($1)] },
    "Gelu": { try [$0.gelu($1)] },
    "Swish": { try [$0.swish($1)] },
    "Mish": { try [$0.mish($1)] },
    "Softsign": { try [$0.softsign($1)] },
    "Clip": { try [$0.clip($1)] },
    "PRelu": { try [$0.parametricRelu($1)] },
    "Softmax": { try [$0.softmax(.softmax, $1)] }, "LogSoftmax": { try [$0.softmax(.logSoftmax, $1)] },
    "ArgMax": { try [$0.argMax($1)] },
    // Arithmetic.
    "Add": { try [$0.binary(.sum, $1)] },
    "Sum": { try [$0.variadic(.sum, $1)] },
    "Sub": { try [$0.binary(.difference, $1)] },
    "Mul": { try [$0.binary(.product, $1)] },
    "Div": { try [$0.binary(.quotient, $1)] },
    "Max": { try [$0.variadic(.maximum, $1)] },
    "Min": { try [$0.variadic(.minimum, $1)] },
    "Pow": { try [$0.power($1)] },
    "Neg": { try [$0.negated($1)] },
    "Abs": { try [$0.absolute($1)] },
    "Reciprocal": { try [$0.reciprocal($1)] },
    // Pools and means.
    "MaxPool": { try [$0.maxPool($1)] },
    "AveragePool": { try [$0.averagePool($1)] },
    "GlobalAveragePool": { try [$0.globalPool(.average, $1)] },
    "GlobalMaxPool": { try [$0.globalPool(.maximum, $1)] },
    "ReduceMean": { try [$0.reduction(.average, $1)] },
    "ReduceMax": { try [$0.reduction(.maximum, $1)] },
    "ReduceSum": { try [$0.reducedSum($1)] },
    // Dimensions.
    "Flatten": { try [$0.flatten($1)] },
    "Reshape": { try [$0.reshape($1)] },
    "Squeeze": { try [$0.squeeze($1)] },
    "Unsqueeze": { try [$0.unsqueeze($1)] },
    "Transpose": { try [$0.transpose($1)] },
    "Expand": { try [$0.expand($1)] },
    // Parts.
    "Concat": { try [$0.concatenation($1)] },
    "Split": { try $0.split($1) },
    "Slice": { try [$0.slice($1)] },
    "Gather": { try [$0.gather($1)] },
    "Pad": { try [$0.pad($1)] },
    "Resize": { try [$0.resize($1)] },
    "Upsample": { try [$0.resize($1)] },
    // Nothing at inference.
    "Identity": { try [.feature($1.feature(0))] },
    "Dropout": { try [$0.dropout($1)] },
    "Cast": { try [$0.cast($1)] },
    "CastLike": { try [$0.castLike($1)] },
    "QuantizeLinear": { try [$0.quantize($1)] },
    "DequantizeLinear": { try [$0.dequantize($1)] },
  ]
}
