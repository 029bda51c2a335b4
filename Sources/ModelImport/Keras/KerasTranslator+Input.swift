import ModelGraph

/// The input and the first layers: as far as that is exact, the preprocessing does their work.
extension KerasTranslator {
  mutating func appendInput(
    _ shape: [Int?]?, named name: String, before model: KerasModel
  ) throws(ImportError) -> Value {
    guard let shape, shape.count == 4, let channels = shape[isChannelsFirst ? 1 : 3] else {
      let found = shape.map { "[" + $0.map { $0.map(String.init) ?? "none" }.joined(separator: ", ") + "]" }
      throw .layer(
        name: name, reason: "its shape is \(found ?? "missing"), expected batch x height x width x channels of an image"
      )
    }
    var (height, width) = isChannelsFirst ? (shape[2], shape[3]) : (shape[1], shape[2])
    if let size = options.inputSize {
      (height, width) = (size.height, size.width)
    } else if height == nil || width == nil, let resizing = model.firstResizing() {
      // Images of any size, resized by the model: the preprocessing does it.
      let size = try resizing.size()
      (height, width) = (size.height, size.width)
      inputResizing = try resizing.inputResizing(channels: channels)
      scalesInput = true
    }
    guard let height, let width else { throw Self.needsSize }
    let operation = Operation.input(.map(height: height, width: width, channels: channels))
    var value = Value(node: try appendNode(operation, [], named: name, of: name))
    if inputResizing != nil { value.unexpressed = .anySize }
    return value
  }

  static let needsSize = ImportError.options(
    reason: "the model takes images of any size: give one with --input-size")

  /// Images of any size after the layer that gives them one, which must do what the preprocessing does.
  mutating func sized(_ input: Value, to size: Extent, at site: Site) throws(ImportError) -> Value {
    // A function such as tf.image.resize has its filter among its arguments.
    guard site.layer.className == "Resizing" else { throw Self.needsSize }
    let shape = builder.shape(of: 0)
    let resizing = try site.layer.inputResizing(channels: shape.channels)
    let resized = Shape.map(height: size.height, width: size.width, channels: shape.channels)
    guard input.isWhole, shape == resized, resizing == inputResizing else { throw Self.needsSize }
    if case .pad = resizing.geometry, input.scaling?.offsets.allSatisfy({ $0 == 0 }) == false {
      throw site.layer.error(
        "its padding is black, but the images of any size were scaled before so that black is not 0, which cannot be "
          + "expressed; \(KerasLayer.insteadOfAnySize)")
    }
    var result = input
    result.unexpressed = nil
    return result
  }

  /// The node of a value; for the input, in the scaling that the preprocessing gives it.
  ///
  /// The first node that reads the input decides that scaling; one that the preprocessing cannot have becomes an
  /// operation.
  mutating func inputNode(of value: Value, at layer: String) throws(ImportError) -> Int {
    guard value.node == 0 else { return value.node }
    if usedScaling == nil {
      if value.scaling == nil || value.scaling?.factors.allSatisfy({ $0 > 0 }) == true {
        usedScaling = .some(value.scaling)
        return 0
      }
      usedScaling = .some(nil)
    }
    let channels = builder.shape(of: 0).channels
    let used = (usedScaling ?? nil) ?? .identity(channels: channels)
    let wanted = value.scaling ?? .identity(channels: channels)
    if used == wanted { return 0 }
    if let node = rescaledInputs[wanted] { return node }
    var (node, from) = (0, used)
    if from.channelOrder != wanted.channelOrder {
      var parts: [Int] = []
      for channel in (0..<channels).reversed() {
        let slice = try channelSlice(channel, 1, of: 0, at: layer)
        parts.append(try appendNode(.slice(slice), [0], named: layer + "/channel", of: layer))
      }
      node = try appendNode(.concatenate, parts, named: layer + "/reversed", of: layer)
      from = from.reversed()
    }
    let factors = (0..<channels).map { wanted.factors[$0] / from.factors[$0] }
    let offsets = (0..<channels).map { wanted.offsets[$0] - from.offsets[$0] * factors[$0] }
    if factors.contains(where: { $0 != 1 }) || offsets.contains(where: { $0 != 0 }) {
      let (operation, weights) = Self.affine(factors: factors, offsets: offsets, channels: channels)
      node = try appendNode(operation, [node], named: layer + "/rescaled", of: layer, weights)
    }
    rescaledInputs[wanted] = node
    return node
  }

  /// `x * factors + offsets`, each a single number or one for each channel.
  ///
  /// On the input it is left to the preprocessing, elsewhere, and as a step inside a layer, it is a normalization of mean
  /// 0 and variance 1.
  mutating func affine(
    _ value: Value, factors: [Double], offsets: [Double], at site: Site, step: String? = nil
  ) throws(ImportError) -> Value {
    let channels = shape(of: value).channels
    guard [factors, offsets].allSatisfy({ $0.count == 1 || $0.count == channels }),
      (factors + offsets).allSatisfy(\.isFinite)
    else {
      throw site.layer.error("\(site.layer.className): its \(factors.count) factors do not fit \(channels) channels")
    }
    if step == nil, value.node == 0, value.isPlain || value.isAnySize, factors.allSatisfy({ $0 != 0 }) {
      scalesInput = true
      var result = value
      result.scaling = (value.scaling ?? .identity(channels: channels)).then(factors: factors, offsets: offsets)
      return result
    }
    if let hardSigmoid = try hardSigmoid(value, factors: factors, offsets: offsets, at: site) { return hardSigmoid }
    let (operation, weights) = Self.affine(factors: factors, offsets: offsets, channels: channels)
    let result =
      if let step { try self.step(step, operation, [value], at: site, weights) } else {
        try append(operation, [value], at: site, weights)
      }
    if factors == [1], offsets.count == 1, value.isPlain { shifts[result.node] = (value.node, offsets[0]) }
    return result
  }

  /// `relu6(x + 3) / 6`, as MobileNetV3 writes it, as one function; its parts are then unused and dropped.
  private mutating func hardSigmoid(
    _ value: Value, factors: [Double], offsets: [Double], at site: Site
  ) throws(ImportError) -> Value? {
    let node = builder.graph.nodes[value.node]
    guard factors.count == 1, abs(factors[0] * 6 - 1) < 1e-6, offsets == [0], value.isPlain,
      node.operation == .activation(.relu6), let shift = shifts[node.inputs[0]], shift.offset == 3, shift.input > 0
    else { return nil }
    var input = value
    input.node = shift.input
    return try append(.activation(.hardSigmoid(slope: 1 / 6, offset: 0.5)), [input], at: site)
  }

  private static func affine(
    factors: [Double], offsets: [Double], channels: Int
  ) -> (Operation, weights: [NamedArray]) {
    func array(_ name: String, _ values: [Double]) -> NamedArray {
      NamedArray(
        name: name, dimensions: [channels], values: (0..<channels).map { Float(values[$0 % values.count]) })
    }
    return (
      .batchNormalization(BatchNormalization(epsilon: 0)),
      [array("factors", factors), array("offsets", offsets), array("mean", [0]), array("variance", [1])]
    )
  }

  /// The channels in reverse order, RGB as BGR.
  mutating func reversedChannels(_ value: Value, at site: Site) throws(ImportError) -> Value {
    let channels = shape(of: value).channels
    if value.node == 0, value.isPlain || value.isAnySize, channels == 3 {
      scalesInput = true
      var result = value
      result.scaling = (value.scaling ?? .identity(channels: channels)).reversed()
      return result
    }
    var parts: [Value] = []
    for channel in (0..<channels).reversed() {
      var part = value
      part.channel = channel
      parts.append(part)
    }
    return try append(.concatenate, parts, at: site)
  }

  /// `x * scale + offset`.
  mutating func rescaling(_ site: Site) throws(ImportError) -> Value {
    guard let factors = site.layer.numbers("scale") else { throw site.layer.unexpected("scale", "numbers") }
    guard let offsets = site.layer.numbers("offset") else { throw site.layer.unexpected("offset", "numbers") }
    return try affine(try site.input(), factors: factors, offsets: offsets, at: site)
  }

  /// `(x - mean) / max(sqrt(variance), 1e-7)`, where the moments are options or weights.
  mutating func normalization(_ site: Site) throws(ImportError) -> Value {
    let (layer, input) = (site.layer, try site.input())
    try requireChannelAxis(of: input, layer)
    var mean = layer.numbers("mean")
    var variance = layer.numbers("variance")
    if mean == nil || variance == nil {
      guard site.weights.count == 3 else { throw .weights(layer: site.name, reason: "missing: no mean and variance") }
      try checkVariance(site.weights[1], of: site.name)
      mean = try site.weights[0].doubles()
      variance = try site.weights[1].doubles()
    }
    guard let mean, let variance, variance.allSatisfy({ $0 >= 0 }), mean.count == variance.count else {
      throw layer.unexpected("variance", "as many numbers as its mean has, from 0")
    }
    let deviation = variance.map { max($0.squareRoot(), 1e-7) }
    if try layer.bool("invert", default: false) {
      return try affine(input, factors: deviation, offsets: mean, at: site)
    }
    return try affine(
      input, factors: deviation.map { 1 / $0 }, offsets: zip(mean, deviation).map { -$0 / $1 }, at: site)
  }
}

extension KerasModel {
  /// The first `Resizing` in the order of the file, which those who read the input prove to be at its start.
  fileprivate func firstResizing(depth: Int = 0) -> KerasLayer? {
    guard depth < 16 else { return nil }
    for layer in layers {
      if layer.className == "Resizing" { return layer }
      guard layer.isModel, let inner = try? KerasModel(layer.description) else { continue }
      if let found = inner.firstResizing(depth: depth + 1) { return found }
    }
    return nil
  }
}

extension KerasTranslator.Value {
  /// Whether it is the input, or what preprocessing makes of it, before the layer that gives it a size.
  fileprivate var isAnySize: Bool { isWhole && unexpressed == .anySize }
}

extension KerasLayer {
  fileprivate static let insteadOfAnySize = "give images of one size, with --input-size"

  private static let inputFilters: [String: Preprocessing.Filter] = [
    "nearest": .tensorFlowNearest, "bilinear": .bilinear, "bicubic": .bicubic, "lanczos3": .lanczos3,
    "lanczos5": .lanczos5, "area": .area,
  ]

  /// How a `Resizing` treats images of any size.
  fileprivate func inputResizing(channels: Int) throws(ImportError) -> InputResizing {
    guard let filter = config["interpolation"]?.string.map({ Self.inputFilters[$0.lowercased()] }) ?? .bilinear else {
      throw unexpected("interpolation", "nearest, bilinear, bicubic, lanczos3, lanczos5 or area")
    }
    var resizing = InputResizing(filter: filter)
    resizing.antialias = try bool("antialias", default: false)
    guard !resizing.antialias || ![.bicubic, .lanczos3, .lanczos5].contains(filter) else {
      throw error(
        "Resizing with antialias of images of any size by \(filter.rawValue) cannot be expressed, as preprocessing cuts off "
          + "what overshoots 0 to 255; \(Self.insteadOfAnySize)")
    }
    // Preprocessing weighs colors by alpha, as Pillow does.
    guard channels < 4 || !resizing.antialias || filter == .tensorFlowNearest || filter == .area else {
      throw error(
        "Resizing with antialias of images of any size with \(channels) channels cannot be expressed; "
          + Self.insteadOfAnySize)
    }
    if try bool("pad_to_aspect_ratio", default: false) {
      guard try float("fill_value", default: 0) == 0 else {
        throw error(
          "Resizing with pad_to_aspect_ratio and another fill_value than 0 of images of any size cannot be expressed; "
            + Self.insteadOfAnySize)
      }
      resizing.geometry = .pad(.before)
    }
    if try bool("crop_to_aspect_ratio", default: false) { resizing.geometry = .cropToAspectRatio }
    return resizing
  }
}
