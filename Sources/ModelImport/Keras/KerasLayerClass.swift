import ModelGraph

/// A class of layers: its variables, and what it does at inference.
struct KerasLayerClass: Sendable {
  typealias Append =
    @Sendable (inout KerasTranslator, KerasTranslator.Site) throws(ImportError) -> KerasTranslator.Value
  typealias AppendSeveral =
    @Sendable (inout KerasTranslator, KerasTranslator.Site) throws(ImportError) -> [KerasTranslator.Value]

  /// The variables of a layer, in Keras's order; nil where it may have some that inference does not need.
  let variables: @Sendable (KerasLayer) throws(ImportError) -> [KerasVariable]?
  /// Whether it reads the arguments that it is called with by name.
  var readsKeywords = false
  /// The values that it gives; a function may give several.
  let append: AppendSeveral

  init(
    variables: @escaping @Sendable (KerasLayer) throws(ImportError) -> [KerasVariable]? = { _ in [] },
    readsKeywords: Bool = false, _ append: @escaping Append
  ) {
    self.variables = variables
    self.readsKeywords = readsKeywords
    self.append = { translator, site throws(ImportError) in [try append(&translator, site)] }
  }

  /// A function of several values.
  private init(several append: @escaping AppendSeveral) {
    variables = { _ in [] }
    readsKeywords = true
    self.append = append
  }

  func variables(of layer: KerasLayer) throws(ImportError) -> [KerasVariable]? { try variables(layer) }

  /// The class of a layer, or nil where it is not known.
  static func named(_ layer: KerasLayer) throws(ImportError) -> KerasLayerClass? {
    if isNothing(layer) { return nothing }
    if layer.className == "TFOpLambda" || layer.className == "SlicingOpLambda" {
      guard let function = layer.config["function"]?.string, let known = functions[function] else {
        throw layer.error(
          "the function \(layer.config["function"]?.text ?? "without a name") is not known\(KerasLayer.nextStep)")
      }
      return known
    }
    return classes[layer.className] ?? operations[layer.className]
  }

  /// Whether a layer does nothing at inference: dropouts, noise, and augmentation of all kinds.
  static func isNothing(_ layer: KerasLayer) -> Bool {
    nothings.contains(layer.className) || layer.className.hasPrefix("Random") && layer.className != "RandomCrop"
  }

  private static let nothings: Set = [
    "Dropout", "SpatialDropout1D", "SpatialDropout2D", "AlphaDropout", "GaussianDropout", "GaussianNoise",
    "ActivityRegularization", "Identity", "StochasticDepth", "AugMix", "CutMix", "MixUp",
    "RandAugment",
  ]

  /// Such layers may have the state of a random generator.
  private static let nothing = KerasLayerClass(variables: anything) { _, site throws(ImportError) in
    try site.input()
  }

  // MARK: The layers that are known

  private static let classes: [String: KerasLayerClass] = [
    "Conv2D": convolution, "Convolution2D": convolution,
    "DepthwiseConv2D": .init(variables: depthwiseKernel) { translator, site throws(ImportError) in
      try translator.depthwise(site)
    },
    "SeparableConv2D": .init(variables: separableKernels) { translator, site throws(ImportError) in
      try translator.separable(site)
    },
    "Conv2DTranspose": .init(variables: kernelAndBias) { translator, site throws(ImportError) in
      try translator.transposedConvolution(site)
    },
    "Dense": .init(variables: kernelAndBias) { translator, site throws(ImportError) in try translator.dense(site) },
    "BatchNormalization": batchNormalization, "BatchNormalizationV1": batchNormalization,
    "BatchNormalizationV2": batchNormalization, "SyncBatchNormalization": batchNormalization,
    "LayerNormalization": .init(variables: scaleAndCenter) { translator, site throws(ImportError) in
      try translator.layerNormalization(site)
    },
    "GroupNormalization": .init(variables: scaleAndCenter) { translator, site throws(ImportError) in
      try translator.groupNormalization(site)
    },
    "UnitNormalization": .init { translator, site throws(ImportError) in try translator.unitNormalization(site) },
    "Normalization": .init(variables: moments) { translator, site throws(ImportError) in
      try translator.normalization(site)
    },
    "Rescaling": .init { translator, site throws(ImportError) in try translator.rescaling(site) },
    "LayerScale": .init(variables: layerScale) { translator, site throws(ImportError) in
      try translator.layerScale(site)
    },
    "CustomScaleLayer": .init { translator, site throws(ImportError) in try translator.scaledSum(site) },

    "MaxPooling2D": .init { translator, site throws(ImportError) in try translator.maxPool(site) },
    "AveragePooling2D": .init { translator, site throws(ImportError) in try translator.averagePool(site) },
    "GlobalAveragePooling2D": .init { translator, site throws(ImportError) in
      try translator.globalPool(.average, site)
    },
    "GlobalMaxPooling2D": .init { translator, site throws(ImportError) in try translator.globalPool(.maximum, site) },
    "ZeroPadding2D": .init { translator, site throws(ImportError) in try translator.padding(site) },
    "Cropping2D": .init { translator, site throws(ImportError) in try translator.cropping(site) },
    "UpSampling2D": .init { translator, site throws(ImportError) in try translator.upsampling(site) },
    "Resizing": .init { translator, site throws(ImportError) in try translator.resizing(site) },
    "CenterCrop": .init { translator, site throws(ImportError) in try translator.centerCrop(site) },
    "Flatten": .init { translator, site throws(ImportError) in try translator.flatten(site) },
    "Reshape": .init { translator, site throws(ImportError) in try translator.reshape(site) },
    "Permute": .init { translator, site throws(ImportError) in try translator.permute(site) },

    "Concatenate": .init { translator, site throws(ImportError) in try translator.concatenation(site) },
    "Average": .init { translator, site throws(ImportError) in try translator.average(site) },

    "Activation": .init { translator, site throws(ImportError) in try translator.activationLayer(site) },
    "ReLU": .init { translator, site throws(ImportError) in try translator.relu(site) },
    "LeakyReLU": .init { translator, site throws(ImportError) in try translator.leakyRelu(site) },
    "PReLU": .init(variables: alpha) { translator, site throws(ImportError) in
      try translator.parametricRelu(site)
    },
    "ELU": .init { translator, site throws(ImportError) in
      try translator.append(
        .activation(.elu(alpha: try site.layer.float("alpha", default: 1))), [try site.input()], at: site)
    },
    "ThresholdedReLU": .init { translator, site throws(ImportError) in
      let threshold = try site.layer.float("theta", default: 1)
      return try translator.append(
        .activation(.threshold(threshold: threshold, value: 0)), [try site.input()], at: site)
    },
    "Softmax": .init { translator, site throws(ImportError) in try translator.softmax(site) },
    "Lambda": .init(variables: anything, readsKeywords: true) { translator, site throws(ImportError) in
      try translator.lambda(site)
    },
  ]

  private static let convolution = KerasLayerClass(variables: kernelAndBias) { translator, site throws(ImportError) in
    try translator.convolution(site)
  }

  private static let batchNormalization = KerasLayerClass(variables: scaleCenterAndMoments) {
    translator, site throws(ImportError) in try translator.batchNormalization(site)
  }

  // MARK: Their variables

  @Sendable private static func kernelAndBias(_ layer: KerasLayer) throws(ImportError) -> [KerasVariable]? {
    [.kernel] + (try layer.hasBias ? [.bias] : [])
  }

  @Sendable private static func depthwiseKernel(_ layer: KerasLayer) throws(ImportError) -> [KerasVariable]? {
    [.depthwiseKernel] + (try layer.hasBias ? [.bias] : [])
  }

  @Sendable private static func separableKernels(_ layer: KerasLayer) throws(ImportError) -> [KerasVariable]? {
    [.depthwiseKernel, .pointwiseKernel] + (try layer.hasBias ? [.bias] : [])
  }

  @Sendable private static func scaleAndCenter(_ layer: KerasLayer) throws(ImportError) -> [KerasVariable]? {
    (try layer.bool("scale", default: true) ? [.gamma] : []) + (try layer.bool("center", default: true) ? [.beta] : [])
  }

  @Sendable private static func scaleCenterAndMoments(_ layer: KerasLayer) throws(ImportError) -> [KerasVariable]? {
    (try scaleAndCenter(layer) ?? []) + [.movingMean, .movingVariance]
  }

  @Sendable private static func moments(_ layer: KerasLayer) -> [KerasVariable]? {
    layer.numbers("mean") == nil || layer.numbers("variance") == nil ? [.mean, .variance, .count] : []
  }

  @Sendable private static func layerScale(_ layer: KerasLayer) -> [KerasVariable]? { [.layerScale] }
  @Sendable private static func alpha(_ layer: KerasLayer) -> [KerasVariable]? { [.alpha] }
  @Sendable private static func anything(_ layer: KerasLayer) -> [KerasVariable]? { nil }

  // MARK: Functions of tensors, written as `x / 127.5` or by name

  /// Those of Keras 3, by the names of their classes; the layers `Add`, `Multiply` and so on are the same.
  private static let operations: [String: KerasLayerClass] = [
    "Add": arithmetic(.sum), "Subtract": arithmetic(.difference), "Multiply": arithmetic(.product),
    "TrueDivide": arithmetic(.quotient), "Divide": arithmetic(.quotient), "Maximum": arithmetic(.maximum),
    "Minimum": arithmetic(.minimum),
    "GetItem": .init(readsKeywords: true) { translator, site throws(ImportError) in try translator.subscripted(site) },
    "Stack": .init(readsKeywords: true) { translator, site throws(ImportError) in try translator.stack(site) },
    "Relu": named("relu"), "Relu6": named("relu6"), "Sigmoid": named("sigmoid"), "Tanh": named("tanh"),
    "Silu": named("silu"), "HardSigmoid": named("hard_sigmoid"), "HardSilu": named("hard_silu"),
    "Softplus": named("softplus"), "Softsign": named("softsign"), "Exp": named("exponential"),
    "Selu": named("selu"), "HardTanh": named("hard_tanh"), "LogSigmoid": named("log_sigmoid"),
    "TanhShrink": named("tanh_shrink"), "SparsePlus": named("sparse_plus"), "SparseSigmoid": named("sparse_sigmoid"),
    "Celu": standard("celu", "alpha", 1), "SoftShrink": standard("soft_shrink", "threshold", 0.5),
    "HardShrink": standard("hard_shrink", "threshold", 0.5), "Squareplus": standard("squareplus", "b", 4),
    "Glu": .init { translator, site throws(ImportError) in
      let input = try site.input()
      try translator.requireChannelAxis(of: input, site.layer)
      return try translator.function("glu", of: input, at: site)
    },
    "Negative": negative,
    "Absolute": .init { translator, site throws(ImportError) in
      try translator.magnitude(of: try site.input(), at: site)
    },
    "Square": .init { translator, site throws(ImportError) in
      let input = try site.input()
      return try translator.append(.binary(.product), [input, input], at: site)
    },
    "Sqrt": .init { translator, site throws(ImportError) in
      try translator.append(.activation(.squareRoot), [try site.input()], at: site)
    },
    "Clip": .init { translator, site throws(ImportError) in
      let (low, high) = (site.layer.config["x_min"]?.number, site.layer.config["x_max"]?.number)
      guard let low, let high, low <= high else { throw site.layer.unexpected("x_min", "a number up to its x_max") }
      return try translator.append(
        .activation(.clip(minimum: Float(low), maximum: Float(high))), [try site.input()], at: site)
    },
    "Mean": reduction(.mean), "Max": reduction(.maximum), "Min": reduction(.minimum), "Sum": reduction(.sum),
    "Power": power, "Split": split, "Pad": pad, "Resize": resize,
    "Log": logarithm(1), "Log2": logarithm(Activation.logarithm(2)), "Log10": logarithm(Activation.logarithm(10)),
    "Reciprocal": .init { translator, site throws(ImportError) in
      try translator.reciprocal(of: try site.input(), at: site)
    },
    "Normalize": .init { translator, site throws(ImportError) in try translator.normalized(site) },
    "LogSoftmax": .init(readsKeywords: true) { translator, site throws(ImportError) in
      let input = try site.input()
      try translator.requireChannelAxis(of: input, site.layer)
      return try translator.function("log_softmax", of: input, at: site)
    },
    "Sparsemax": .init(readsKeywords: true) { translator, site throws(ImportError) in
      let input = try site.input()
      try translator.requireChannelAxis(of: input, site.layer)
      return try translator.function("sparsemax", of: input, at: site)
    },
    "Elu": .init { translator, site throws(ImportError) in
      let alpha = try site.layer.float("alpha", default: 1)
      return try translator.append(.activation(.elu(alpha: alpha)), [try site.input()], at: site)
    },
    "LeakyRelu": .init { translator, site throws(ImportError) in
      let slope = try site.layer.float("negative_slope", default: 0.2)
      return try translator.append(.activation(.leakyRelu(slope: slope)), [try site.input()], at: site)
    },
    "Gelu": .init { translator, site throws(ImportError) in
      let gelu: Activation = try site.layer.bool("approximate", default: true) ? .geluTanh : .gelu
      return try translator.append(.activation(gelu), [try site.input()], at: site)
    },
  ]

  /// Those of TensorFlow, by their names in `tf`.
  private static let functions: [String: KerasLayerClass] = [
    "math.add": arithmetic(.sum), "__operators__.add": arithmetic(.sum), "nn.bias_add": arithmetic(.sum),
    "math.subtract": arithmetic(.difference), "math.multiply": arithmetic(.product),
    "math.truediv": arithmetic(.quotient), "math.divide": arithmetic(.quotient),
    "math.maximum": arithmetic(.maximum), "math.minimum": arithmetic(.minimum), "math.negative": negative,
    "__operators__.getitem": .init(readsKeywords: true) { translator, site throws(ImportError) in
      try translator.subscripted(site)
    },
    "nn.relu": named("relu"), "nn.relu6": named("relu6"), "math.sigmoid": named("sigmoid"),
    "nn.sigmoid": named("sigmoid"), "math.tanh": named("tanh"), "nn.tanh": named("tanh"), "nn.silu": named("silu"),
    "nn.swish": named("silu"), "nn.softplus": named("softplus"), "math.softplus": named("softplus"),
    "nn.selu": named("selu"), "nn.softmax": alongChannels("softmax"),
    "nn.log_softmax": alongChannels("log_softmax"), "math.exp": named("exponential"), "identity": named("linear"),
    "cast": named("linear"), "math.pow": power, "math.log": logarithm(1), "split": split, "compat.v1.pad": pad,
    "image.resize": resize, "math.reduce_mean": reduction(.mean), "math.reduce_max": reduction(.maximum),
    "math.reduce_min": reduction(.minimum), "math.reduce_sum": reduction(.sum),
    "reshape": .init(readsKeywords: true) { translator, site throws(ImportError) in try translator.reshape(site) },
  ]

  private static func arithmetic(_ binary: Binary) -> KerasLayerClass {
    .init(readsKeywords: true) { translator, site throws(ImportError) in try translator.arithmetic(binary, site) }
  }

  /// A function whose only parameter may have no value but the usual one.
  private static func standard(_ function: String, _ option: String, _ value: Float) -> KerasLayerClass {
    .init { translator, site throws(ImportError) in
      guard try site.layer.float(option, default: value) == value else {
        throw site.layer.unexpected(option, "\(value)")
      }
      return try translator.function(function, of: try site.input(), at: site)
    }
  }

  private static func reduction(_ kind: KerasTranslator.Reduction) -> KerasLayerClass {
    .init(readsKeywords: true) { translator, site throws(ImportError) in try translator.reduction(kind, site) }
  }

  /// - Parameter scale: The natural logarithm of the base.
  private static func logarithm(_ scale: Double) -> KerasLayerClass {
    .init { translator, site throws(ImportError) in try translator.logarithm(site, dividedBy: scale) }
  }

  private static let negative = KerasLayerClass { translator, site throws(ImportError) in
    try translator.affine(try site.input(), factors: [-1], offsets: [0], at: site)
  }

  private static let power = KerasLayerClass(readsKeywords: true) { translator, site throws(ImportError) in
    try translator.power(site)
  }

  private static let split = KerasLayerClass(several: { translator, site throws(ImportError) in
    try translator.split(site)
  })

  private static let pad = KerasLayerClass(readsKeywords: true) { translator, site throws(ImportError) in
    try translator.paddedByFunction(site)
  }

  private static let resize = KerasLayerClass(readsKeywords: true) { translator, site throws(ImportError) in
    if site.option("preserve_aspect_ratio")?.bool == true {
      throw site.layer.error("a resizing with preserve_aspect_ratio cannot be expressed")
    }
    return try translator.resizing(site)
  }

  /// A function of all channels of a position, which is called with an axis or without.
  private static func alongChannels(_ function: String) -> KerasLayerClass {
    .init(readsKeywords: true) { translator, site throws(ImportError) in
      if case .numbers(let axis)? = site.keywords["axis"], !axis.isNull, axis.int != -1 {
        throw site.layer.error("\(function) along axis \(axis.text), expected the last")
      }
      return try translator.function(function, of: try site.input(), at: site)
    }
  }

  private static func named(_ function: String) -> KerasLayerClass {
    .init(readsKeywords: true) { translator, site throws(ImportError) in
      try translator.function(function, of: try site.input(), at: site)
    }
  }
}
