@_exported public import Activations

/// What a node computes: the one list of all that a network may contain.
///
/// `ARCHITECTURE.md` lists what else a new case needs. It then runs row by row in plain loops (`Runtime`'s `RowwiseStep`), until
/// it is worth a kernel.
package enum Operation: Hashable, Sendable {
  /// The image, already preprocessed.
  case input(Shape)
  case convolution(Convolution)
  /// A depthwise convolution and the pointwise convolution after it as one step; only the optimizer makes it.
  case separableConvolution(SeparableConvolution)
  case batchNormalization(BatchNormalization)
  case dense(Dense)
  case activation(Activation)
  /// Over the channels of each position.
  case softmax
  /// Elementwise sum of two or more equal shapes.
  case add
  /// Joins maps of equal height and width along their channels, or vectors end to end.
  case concatenate
  case maxPool(Window)
  case averagePool(AveragePool)
  /// The mean or the maximum of each channel.
  case globalPool(GlobalPool)
  /// A map as a vector, height by width by channels.
  case flatten
  /// Values that belong to the network, its parameter.
  case constant(Shape)
  /// Two values, elementwise; see `Binary` for what is broadcast.
  case binary(Binary)
  /// The same values in the same order under another shape.
  case reshape(Shape)
  case layerNormalization(LayerNormalization)
  /// Each position divided by its Euclidean norm, which counts as 1e-6 at least (Keras's `UnitNormalization`).
  case unitNormalization
  /// A border of one value around a map.
  case pad(Pad)
  /// A part of a map or of a vector.
  case slice(Slice)
  /// Channel `g * n + i` becomes channel `i * groups + g`, with `n = channels / groups` (Zhang et al. 2018, "ShuffleNet").
  case shuffleChannels(groups: Int)
  case resize(Resize)
  case transposedConvolution(TransposedConvolution)
  /// x where x > 0, else slope * x, with a slope for each channel, its parameter (He et al. 2015, "Delving Deep into Rectifiers").
  case parametricRelu
  /// `x - log(sum(exp(x)))` over the channels of each position.
  case logSoftmax
  /// `max(x - t, 0)` over the channels of each position, with the threshold t as Keras computes it (`keras.activations.sparsemax`):
  /// of the values in descending order, z, and their running sums, s, those with `z[k] > (s[k] - 1) / k` support it, n of them,
  /// and t is `(the sum of their running sums - 1) / n`. Where Martins and Astudillo (2016) take the last of these sums, Keras
  /// up to 3.15 adds all of them.
  case sparsemax
}

/// What a fused step does to its sums before it stores them: `activation(sums + bias + residual)`.
package struct Epilogue: Hashable, Sendable {
  /// The node's second input is added, elementwise.
  package var addsResidual: Bool
  package var activation: Activation

  package init(addsResidual: Bool = false, activation: Activation = .identity) {
    self.addsResidual = addsResidual
    self.activation = activation
  }
}

/// A convolution of any kind: regular (one group), grouped, or depthwise (as many groups as input channels).
///
/// Parameters: a kernel of height x width x (input channels / groups) x output channels, and a bias if there is one.
/// Output channel `o` belongs to group `o / (outputChannels / groups)`.
package struct Convolution: Hashable, Sendable {
  package var window: Window
  package var outputChannels: Int
  package var groups: Int
  package var hasBias: Bool
  /// Applied to each value as it is read; padding stays zero. Set by the optimizer.
  package var inputActivation: Activation
  /// Set by the optimizer.
  package var epilogue: Epilogue

  package init(
    window: Window, outputChannels: Int, groups: Int = 1, hasBias: Bool = false,
    inputActivation: Activation = .identity, epilogue: Epilogue = Epilogue()
  ) {
    self.window = window
    self.outputChannels = outputChannels
    self.groups = groups
    self.hasBias = hasBias
    self.inputActivation = inputActivation
    self.epilogue = epilogue
  }

  package var isPointwise: Bool { window.size == Extent(1) && groups == 1 }

  /// Whether every channel is convolved alone, into one channel.
  package func isDepthwise(on input: Shape) -> Bool { groups == input.channels && outputChannels == input.channels }
}

/// A depthwise and a pointwise convolution without a feature map between them.
///
/// Parameters: the depthwise kernel (height x width x 1 x channels), its bias if there is one, the pointwise kernel
/// (1 x 1 x channels x output channels), and its bias if there is one.
package struct SeparableConvolution: Hashable, Sendable {
  package var window: Window
  package var outputChannels: Int
  package var hasDepthwiseBias: Bool
  package var hasBias: Bool
  /// Applied to each value as the depthwise convolution reads it; padding stays zero.
  package var inputActivation: Activation
  /// Between the depthwise and the pointwise convolution (Chollet 2016, section 4.7: none is best).
  package var middleActivation: Activation
  package var epilogue: Epilogue

  /// The most channels that bf16 plans multiply as fp32 numbers: the errors of so few terms do not average out. The first
  /// one of a MobileNetV2, 32 channels to 16, made more of its error than all others together: over 802 pictures the
  /// mean cosine of the features with fp32's is 0.99970 without its, and 0.99934 with it.
  package static let shortRowChannels = 32

  package init(
    window: Window, outputChannels: Int, hasDepthwiseBias: Bool = false, hasBias: Bool = false,
    inputActivation: Activation = .identity, middleActivation: Activation = .identity, epilogue: Epilogue = Epilogue()
  ) {
    self.window = window
    self.outputChannels = outputChannels
    self.hasDepthwiseBias = hasDepthwiseBias
    self.hasBias = hasBias
    self.inputActivation = inputActivation
    self.middleActivation = middleActivation
    self.epilogue = epilogue
  }
}

/// `gamma * (x - mean) / sqrt(variance + epsilon) + beta`, each per channel.
///
/// Parameters, those present in this order: gamma, beta, mean, variance.
package struct BatchNormalization: Hashable, Sendable {
  package var epsilon: Float
  package var hasGamma: Bool
  package var hasBeta: Bool

  package init(epsilon: Float = 0.001, hasGamma: Bool = true, hasBeta: Bool = true) {
    self.epsilon = epsilon
    self.hasGamma = hasGamma
    self.hasBeta = hasBeta
  }
}

/// A fully connected layer. Parameters: a kernel of inputs x outputs, and a bias if there is one.
package struct Dense: Hashable, Sendable {
  package var outputs: Int
  package var hasBias: Bool
  /// Set by the optimizer; a dense layer adds no residual.
  package var activation: Activation

  package init(outputs: Int, hasBias: Bool = true, activation: Activation = .identity) {
    self.outputs = outputs
    self.hasBias = hasBias
    self.activation = activation
  }
}

package struct AveragePool: Hashable, Sendable {
  package var window: Window
  /// Whether padding counts as zeros in the average (PyTorch's default) or not at all (TensorFlow).
  package var countsPadding: Bool

  package init(window: Window, countsPadding: Bool = false) {
    self.window = window
    self.countsPadding = countsPadding
  }
}
