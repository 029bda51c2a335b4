import ModelGraph

/// Activation functions: by name, as an object, or as a layer.
extension KerasTranslator {
  /// A layer's value, followed by the function that its `activation` names.
  mutating func activated(_ value: Value, at site: Site) throws(ImportError) -> Value {
    var inner = site
    inner.name += "/activation"
    return try applied(site.layer.config["activation"] ?? .null, to: value, at: inner)
  }

  mutating func activationLayer(_ site: Site) throws(ImportError) -> Value {
    try applied(site.layer.config["activation"] ?? .null, to: try site.input(), at: site)
  }

  private mutating func applied(_ activation: JSON, to value: Value, at site: Site) throws(ImportError) -> Value {
    switch activation {
    case .null: return value
    case .string(let name): return try function(name, of: value, at: site)
    default:
      guard let className = activation["class_name"]?.string else {
        throw site.layer.unexpected("activation", "the name of a function")
      }
      if className == "function", let name = activation["config"]?.string {
        return try function(name, of: value, at: site)
      }
      // An activation layer given as a function: activation=keras.layers.LeakyReLU().
      guard var description = Optional(activation), case .object(var members) = description else { return value }
      members["name"] = .string(site.layer.name)
      description = .object(members)
      var inner = site
      inner.layer = try KerasLayer(description, inSequence: true)
      inner.operands = [.value(value)]
      inner.weights = []
      guard let layerClass = try KerasLayerClass.named(inner.layer),
        try layerClass.variables(of: inner.layer)?.isEmpty ?? false
      else { throw site.layer.unexpected("activation", "a function that is known") }
      return try layerClass.append(&self, inner)[0]
    }
  }

  /// A function of `keras.activations`, or of `tf.nn`.
  mutating func function(_ name: String, of value: Value, at site: Site) throws(ImportError) -> Value {
    if name == "linear" || name == "identity" { return value }
    if let activation = activation(named: name) { return try append(.activation(activation), [value], at: site) }
    if name.contains("softmax") || name == "sparsemax" || name == "glu" { try requireChannels(of: value, site.layer) }
    if isChannelsFirst, name.contains("softmax") || name == "sparsemax", case .map = shape(of: value) {
      throw site.layer.error("\(name) along the rows of a map with channels first cannot be expressed")
    }
    switch name {
    case "softmax", "softmax_v2": return try append(.softmax, [value], at: site)
    case "log_softmax", "log_softmax_v2":
      var logits = Value(node: try materialized(value, at: site.name))
      logits.unexpressed = .logSoftmax
      return logits
    case "sparsemax": return try append(.sparsemax, [value], at: site)
    case "softsign":  // x / (1 + |x|)
      let magnitude = try self.magnitude(of: value, at: site)
      let divisor = try affine(magnitude, factors: [1], offsets: [1], at: site, step: "divisor")
      return try append(.binary(.quotient), [value, divisor], at: site)
    case "mish":  // x * tanh(softplus(x))
      let softplus = try step("softplus", .activation(.softplus), [value], at: site)
      let tanh = try step("tanh", .activation(.tanh), [softplus], at: site)
      return try append(.binary(.product), [value, tanh], at: site)
    case "glu":  // The first half of the channels times the sigmoid of the second.
      let half = shape(of: value).channels / 2
      guard half * 2 == shape(of: value).channels, value.isPlain, !isChannelsFirst else {
        throw site.layer.error("glu of an odd number of channels")
      }
      let first = try step("first", .slice(try channelSlice(0, half, of: value.node, at: site.name)), [value], at: site)
      let second = try step(
        "second", .slice(try channelSlice(half, half, of: value.node, at: site.name)), [value], at: site)
      let gate = try step("gate", .activation(.sigmoid), [second], at: site)
      return try append(.binary(.product), [first, gate], at: site)
    case "hard_shrink":  // x where |x| > 0.5, else 0
      return try beyondThreshold(value, .threshold(threshold: 0.5, value: 0), offset: 0, at: site)
    case "soft_shrink":  // x - 0.5 where x > 0.5, x + 0.5 where x < -0.5, else 0
      return try beyondThreshold(value, .relu, offset: -0.5, at: site)
    case "tanh_shrink":  // x - tanh(x)
      let tanh = try step("tanh", .activation(.tanh), [value], at: site)
      return try append(.binary(.difference), [value, tanh], at: site)
    case "log_sigmoid":  // -softplus(-x)
      let negative = try affine(value, factors: [-1], offsets: [0], at: site, step: "negative")
      let softplus = try step("softplus", .activation(.softplus), [negative], at: site)
      return try affine(softplus, factors: [-1], offsets: [0], at: site)
    case "squareplus":  // (x + sqrt(x^2 + 4)) / 2
      let square = try step("square", .binary(.product), [value, value], at: site)
      let sum = try affine(square, factors: [1], offsets: [4], at: site, step: "sum")
      let root = try step("root", .activation(.squareRoot), [sum], at: site)
      let total = try step("total", .add, [value, root], at: site)
      return try affine(total, factors: [0.5], offsets: [0], at: site)
    case "sparse_plus":  // ((x + 1) / 2)^2 between -1 and 1, x above, 0 below
      let clipped = try step("clipped", .activation(.clip(minimum: -1, maximum: 1)), [value], at: site)
      let half = try affine(clipped, factors: [0.5], offsets: [0.5], at: site, step: "half")
      let square = try step("square", .binary(.product), [half, half], at: site)
      let above = try affine(value, factors: [1], offsets: [-1], at: site, step: "above")
      let rest = try step("rest", .activation(.relu), [above], at: site)
      return try append(.add, [square, rest], at: site)
    default: throw site.layer.error("the activation \"\(name.prefix(60))\" is not known\(KerasLayer.nextStep)")
    }
  }

  private func activation(named name: String) -> Activation? {
    switch name {
    case "relu": .relu
    case "relu6": .relu6
    case "elu", "celu": .elu(alpha: 1)
    case "selu": .selu
    case "softplus": .softplus
    case "tanh": .tanh
    case "sigmoid": .sigmoid
    case "hard_sigmoid": isKeras3 ? .hardSigmoid(slope: 1 / 6, offset: 0.5) : .hardSigmoid(slope: 0.2, offset: 0.5)
    case "sparse_sigmoid": .hardSigmoid(slope: 0.5, offset: 0.5)
    case "exponential": .exponential
    case "swish", "silu": .silu
    case "hard_swish", "hard_silu": .hardSwish
    case "gelu": .gelu
    case "leaky_relu": .leakyRelu(slope: 0.2)
    case "hard_tanh": .clip(minimum: -1, maximum: 1)
    default: nil
    }
  }

  mutating func magnitude(of value: Value, at site: Site) throws(ImportError) -> Value {
    let negative = try affine(value, factors: [-1], offsets: [0], at: site, step: "negative")
    return try step("magnitude", .binary(.maximum), [value, negative], at: site)
  }

  /// `f(x + offset) - f(offset - x)`: an odd function that is zero up to a threshold, made from its positive half.
  private mutating func beyondThreshold(
    _ value: Value, _ half: Activation, offset: Double, at site: Site
  ) throws(ImportError) -> Value {
    let above = try affine(value, factors: [1], offsets: [offset], at: site, step: "above")
    let below = try affine(value, factors: [-1], offsets: [offset], at: site, step: "below")
    let positive = try step("positive", .activation(half), [above], at: site)
    let negative = try step("negative", .activation(half), [below], at: site)
    return try append(.binary(.difference), [positive, negative], at: site)
  }

  // MARK: Layers

  /// `max_value` where x is above it, x down to `threshold`, `negative_slope * (x - threshold)` below.
  mutating func relu(_ site: Site) throws(ImportError) -> Value {
    let (layer, input) = (site.layer, try site.input())
    let slope = try layer.float("negative_slope", default: 0)
    let threshold = try layer.float("threshold", default: 0)
    let maximum: Float?
    switch layer.config["max_value"] {
    case nil, .null?: maximum = nil
    default: maximum = try layer.float("max_value", default: 0)
    }
    if let maximum, maximum < 0 { throw layer.unexpected("max_value", "none or a positive number") }
    if threshold == 0, slope == 0 {
      let clip: Activation =
        switch maximum {
        case nil: .relu
        case 6?: .relu6
        case let maximum?: .clip(minimum: 0, maximum: maximum)
        }
      return try append(.activation(clip), [input], at: site)
    }
    if threshold != 0 { return try thresholded(input, threshold, slope: slope, maximum: maximum, at: site) }
    let bent = Activation.leakyRelu(slope: slope)
    guard let maximum else { return try append(.activation(bent), [input], at: site) }
    let value = try step("bent", .activation(bent), [input], at: site)
    return try append(.activation(.clip(minimum: -.infinity, maximum: maximum)), [value], at: site)
  }

  /// `x > threshold ? x : 0`, up to a maximum, less `slope * relu(threshold - x)`.
  private mutating func thresholded(
    _ input: Value, _ threshold: Float, slope: Float, maximum: Float?, at site: Site
  ) throws(ImportError) -> Value {
    let function = Activation.threshold(threshold: threshold, value: 0)
    if maximum == nil, slope == 0 { return try append(.activation(function), [input], at: site) }
    var above = try step("above", .activation(function), [input], at: site)
    if let maximum {
      let clip = Activation.clip(minimum: 0, maximum: maximum)
      if slope == 0 { return try append(.activation(clip), [above], at: site) }
      above = try step("limited", .activation(clip), [above], at: site)
    }
    let rest = try affine(input, factors: [-1], offsets: [Double(threshold)], at: site, step: "rest")
    let below = try step("below", .activation(.relu), [rest], at: site)
    let scaled = try affine(below, factors: [Double(slope)], offsets: [0], at: site, step: "scaled")
    return try append(.binary(.difference), [above, scaled], at: site)
  }

  /// Keras 3 calls the slope `negative_slope`, Keras 2 `alpha`.
  mutating func leakyRelu(_ site: Site) throws(ImportError) -> Value {
    let option = site.layer.config["negative_slope"] == nil ? "alpha" : "negative_slope"
    let slope = try site.layer.float(option, default: 0.3)
    return try append(.activation(.leakyRelu(slope: slope)), [try site.input()], at: site)
  }

  /// A slope for each channel, or for each value, which is `relu(x) - slopes * relu(-x)`.
  mutating func parametricRelu(_ site: Site) throws(ImportError) -> Value {
    let input = try site.input()
    guard let alpha = site.weights.first else { throw .weights(layer: site.name, reason: "missing: no alpha") }
    let shape = shape(of: input)
    let sides = isChannelsFirst && alpha.dimensions.count == 3 ? alpha.permuted([1, 2, 0]) : alpha
    if sides.dimensions.dropLast().allSatisfy({ $0 == 1 }), sides.dimensions.last == shape.channels {
      return try append(.parametricRelu, [input], at: site, [try sides.reshaped(to: [shape.channels])])
    }
    guard let slopesShape = Shape(dimensions: sides.dimensions) else {
      throw .weights(layer: site.name, reason: "\"\(alpha.name)\" has the dimensions \(alpha.dimensions)")
    }
    let slopes = try step("slopes", .constant(slopesShape), [], at: site, [sides])
    let positive = try step("positive", .activation(.relu), [input], at: site)
    let negative = try affine(input, factors: [-1], offsets: [0], at: site, step: "negative")
    let rest = try step("rest", .activation(.relu), [negative], at: site)
    let scaled = try step("scaled", .binary(.product), [rest, slopes], at: site)
    return try append(.binary(.difference), [positive, scaled], at: site)
  }

  mutating func softmax(_ site: Site) throws(ImportError) -> Value {
    let input = try site.input()
    try requireChannelAxis(of: input, site.layer)
    return try append(.softmax, [input], at: site)
  }
}
