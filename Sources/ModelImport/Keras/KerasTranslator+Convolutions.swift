import ModelGraph

/// Layers with kernels, and normalizations.
extension KerasTranslator {
  mutating func convolution(_ site: Site) throws(ImportError) -> Value {
    let (layer, input) = (site.layer, try site.input())
    let groups = layer.config["groups"] == nil ? 1 : try layer.int("groups")
    let convolution = Convolution(
      window: try absorbing(input.border, into: try layer.kernelWindow(), of: input.node, layer),
      outputChannels: try layer.int("filters"), groups: groups, hasBias: try layer.hasBias)
    let value = try append(.convolution(convolution), [input.withoutBorder], at: site, site.weights)
    return try activated(value, at: site)
  }

  mutating func depthwise(_ site: Site) throws(ImportError) -> Value {
    let value = try appendDepthwise(
      try site.input(), named: site.name, hasBias: try site.layer.hasBias, site.weights, at: site)
    return try activated(value, at: site)
  }

  mutating func separable(_ site: Site) throws(ImportError) -> Value {
    let depthwise = try appendDepthwise(
      try site.input(), named: site.name + "/depthwise", hasBias: false, Array(site.weights.prefix(1)), at: site)
    let pointwise = Convolution(
      window: Window(size: Extent(1)), outputChannels: try site.layer.int("filters"), hasBias: try site.layer.hasBias)
    let value = try step(
      "pointwise", .convolution(pointwise), [depthwise], at: site, Array(site.weights.dropFirst()))
    return try activated(value, at: site)
  }

  /// The last two dimensions of a depthwise kernel, channels x multiplier in Keras, are one in the graph (1 x product);
  /// the values have the same order.
  private mutating func appendDepthwise(
    _ input: Value, named name: String, hasBias: Bool, _ weights: [NamedArray], at site: Site
  ) throws(ImportError) -> Value {
    let layer = site.layer
    let channels = shape(of: input).channels
    let multiplier = layer.config["depth_multiplier"] == nil ? 1 : try layer.int("depth_multiplier")
    guard (1...Limits.window).contains(multiplier) else {
      throw layer.unexpected("depth_multiplier", "1 to \(Limits.window)")
    }
    let window = try layer.kernelWindow()
    let convolution = Convolution(
      window: try absorbing(input.border, into: window, of: input.node, layer),
      outputChannels: channels * multiplier, groups: channels, hasBias: hasBias)
    var weights = weights
    if !weights.isEmpty {
      let (height, width) = (window.size.height, window.size.width)
      weights[0] = try site.reshaped(
        weights[0], from: [height, width, channels, multiplier], to: [height, width, 1, channels * multiplier])
    }
    return try append(.convolution(convolution), [input.withoutBorder], named: name, of: site.name, weights)
  }

  /// Keras's kernel is height x width x output x input channels, like that of a convolution in the opposite direction.
  mutating func transposedConvolution(_ site: Site) throws(ImportError) -> Value {
    let (layer, input) = (site.layer, try site.input())
    let window = try layer.kernelWindow()
    guard case .map(let height, let width, _) = shape(of: input), input.border == Border() else {
      throw layer.error("Conv2DTranspose of zero padding or of a vector")
    }
    let extra = layer.config["output_padding"].map { $0.isNull } == false ? try layer.extent("output_padding") : nil
    func side(_ input: Int, _ size: Int, _ stride: Int, _ dilation: Int, _ extra: Int?) -> (
      before: Int, after: Int, extra: Int
    ) {
      let reach = (size - 1) * dilation + 1
      let output =
        if let extra {
          (input - 1) * stride + reach - (window.padding == .same ? 2 * (reach / 2) : 0) + extra
        } else {
          input * stride + (window.padding == .same ? 0 : max(reach - stride, 0))
        }
      let full = (input - 1) * stride + reach
      let cut = max(full - output, 0)
      return (cut / 2, cut - cut / 2, max(output - full, 0))
    }
    let values = [
      window.size.height, window.size.width, window.stride.height, window.stride.width,
      window.dilation.height, window.dilation.width,
    ]
    guard values.allSatisfy({ (1...Limits.window).contains($0) }),
      extra.map({ [$0.height, $0.width] })?
        .allSatisfy({ (0...Limits.window).contains($0) }) != false
    else { throw layer.error("a window of \(window.size), stride \(window.stride) is out of range") }
    let rows = side(height, window.size.height, window.stride.height, window.dilation.height, extra?.height)
    let columns = side(width, window.size.width, window.stride.width, window.dilation.width, extra?.width)
    let convolution = TransposedConvolution(
      size: window.size, stride: window.stride, dilation: window.dilation,
      padding: .init(top: rows.before, left: columns.before, bottom: rows.after, right: columns.after),
      extra: Extent(height: rows.extra, width: columns.extra), outputChannels: try layer.int("filters"),
      hasBias: try layer.hasBias)
    var weights = site.weights
    if let kernel = weights.first, kernel.dimensions.count == 4 { weights[0] = kernel.permuted([0, 1, 3, 2]) }
    return try activated(
      try append(.transposedConvolution(convolution), [input], at: site, weights), at: site)
  }

  /// On a map it is the same for each position: a pointwise convolution.
  mutating func dense(_ site: Site) throws(ImportError) -> Value {
    let (layer, input) = (site.layer, try site.input())
    try requireChannels(of: input, layer)
    let (outputs, hasBias) = (try layer.int("units"), try layer.hasBias)
    let shape = shape(of: input)
    guard case .map = shape else {
      var (flat, weights) = (input, site.weights)
      if case .channelsFirst(.map(let height, let width, let channels))? = input.unexpressed, !weights.isEmpty {
        // Rows of the kernel in the order of the graph's values.
        let kernel = try site.reshaped(
          weights[0], from: [shape.channels, outputs], to: [channels, height, width, outputs])
        weights[0] = try kernel.permuted([1, 2, 0, 3]).reshaped(to: [shape.channels, outputs])
      }
      if case .channelsFirst? = flat.unexpressed { flat.unexpressed = nil }
      let value = try append(.dense(Dense(outputs: outputs, hasBias: hasBias)), [flat], at: site, weights)
      return try activated(value, at: site)
    }
    guard !isChannelsFirst else { throw layer.error("Dense of a map with channels first cannot be expressed") }
    var weights = site.weights
    if !weights.isEmpty {
      weights[0] = try site.reshaped(weights[0], from: [shape.channels, outputs], to: [1, 1, shape.channels, outputs])
    }
    let pointwise = Convolution(window: Window(size: Extent(1)), outputChannels: outputs, hasBias: hasBias)
    return try activated(try append(.convolution(pointwise), [input], at: site, weights), at: site)
  }

  mutating func batchNormalization(_ site: Site) throws(ImportError) -> Value {
    let (layer, input) = (site.layer, try site.input())
    try requireChannelAxis(of: input, layer)
    try layer.require("renorm", .bool(false), default: .bool(false))
    try layer.require("virtual_batch_size", .null, default: .null)
    let normalization = BatchNormalization(
      epsilon: try layer.float("epsilon", default: 0.001), hasGamma: try layer.bool("scale", default: true),
      hasBeta: try layer.bool("center", default: true))
    if let variance = site.weights.last { try checkVariance(variance, of: site.name) }
    return try append(.batchNormalization(normalization), [input], at: site, site.weights)
  }

  mutating func layerNormalization(_ site: Site) throws(ImportError) -> Value {
    let (layer, input) = (site.layer, try site.input())
    try requireChannelAxis(of: input, layer)
    try layer.require("rms_scaling", .bool(false), default: .bool(false))
    let normalization = LayerNormalization(
      epsilon: try layer.float("epsilon", default: 0.001), hasGamma: try layer.bool("scale", default: true),
      hasBeta: try layer.bool("center", default: true))
    return try append(.layerNormalization(normalization), [input], at: site, site.weights)
  }

  mutating func unitNormalization(_ site: Site) throws(ImportError) -> Value {
    let input = try site.input()
    try requireChannelAxis(of: input, site.layer)
    return try append(.unitNormalization, [input], at: site)
  }

  /// ConvNeXt's factor for each channel.
  mutating func layerScale(_ site: Site) throws(ImportError) -> Value {
    guard let gamma = site.weights.first else { throw .weights(layer: site.name, reason: "missing: no gamma") }
    return try affine(try site.input(), factors: try gamma.doubles(), offsets: [0], at: site)
  }

  mutating func globalPool(_ kind: GlobalPool.Kind, _ site: Site) throws(ImportError) -> Value {
    let keepsDimensions = try site.layer.bool("keepdims", default: false)
    return try append(.globalPool(GlobalPool(kind, keepsDimensions: keepsDimensions)), [try site.input()], at: site)
  }
}

extension KerasTranslator.Site {
  /// An array that must have the dimensions that Keras gives it, reshaped to those of the graph.
  func reshaped(_ array: NamedArray, from expected: [Int], to dimensions: [Int]) throws(ImportError) -> NamedArray {
    guard array.dimensions == expected else {
      throw .weights(
        layer: name, reason: "\"\(array.name)\" has the dimensions \(array.dimensions), expected \(expected)")
    }
    return try array.reshaped(to: dimensions)
  }
}

extension KerasTranslator.Value {
  /// The same without the border, which a window has absorbed.
  var withoutBorder: KerasTranslator.Value {
    var value = self
    value.border = .init()
    return value
  }
}

/// Throws where a variance is negative.
func checkVariance(_ array: NamedArray, of layer: String) throws(ImportError) {
  let values = try array.values()
  if let index = values.firstIndex(where: { $0 < 0 }) {
    throw .weights(layer: layer, reason: "variance \(index) is \(values[index]), expected none below zero")
  }
}
