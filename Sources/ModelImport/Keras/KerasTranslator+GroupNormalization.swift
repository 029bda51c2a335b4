import ModelGraph

extension KerasTranslator {
  /// `gamma * (x - mean) / sqrt(variance + epsilon) + beta`, the moments being those of a group of channels in all positions
  /// (Wu and He 2018, "Group Normalization"), made of pools and products.
  mutating func groupNormalization(_ site: Site) throws(ImportError) -> Value {
    let (layer, input) = (site.layer, try site.input())
    try requireChannelAxis(of: input, layer)
    let shape = shape(of: input)
    let channels = shape.channels
    let given = try layer.int("groups")
    let groups = given == -1 ? channels : given
    guard groups > 0, channels % groups == 0 else {
      throw layer.unexpected("groups", "a divisor of its \(channels) channels, or -1")
    }
    let epsilon = try layer.float("epsilon", default: 0.001)
    guard epsilon >= 0 else { throw layer.unexpected("epsilon", "0 or a positive number") }
    var map = try settled(input, at: site.name)
    if case .vector = shape {
      map = try step("map", .reshape(.map(height: 1, width: 1, channels: channels)), [map], at: site)
    }
    let mean = try groupMean(of: map, groups, "mean", at: site)
    let centered = try step("centered", .binary(.difference), [map, mean], at: site)
    let square = try step("square", .binary(.product), [centered, centered], at: site)
    let variance = try groupMean(of: square, groups, "variance", at: site)
    let sum = try affine(variance, factors: [1], offsets: [Double(epsilon)], at: site, step: "sum")
    let deviation = try step("deviation", .activation(.squareRoot), [sum], at: site)
    var normal = try step("normal", .binary(.quotient), [centered, deviation], at: site)
    if case .vector = shape { normal = try step("vector", .reshape(shape), [normal], at: site) }
    return try scaledAndCentered(normal, at: site)
  }

  /// The factors and summands that a normalization has learned.
  private mutating func scaledAndCentered(_ value: Value, at site: Site) throws(ImportError) -> Value {
    let hasGamma = try site.layer.bool("scale", default: true)
    let hasBeta = try site.layer.bool("center", default: true)
    guard site.weights.count == (hasGamma ? 1 : 0) + (hasBeta ? 1 : 0) else {
      throw .weights(layer: site.name, reason: "\(site.weights.count) arrays, expected its gamma and beta")
    }
    let factors = hasGamma ? try site.weights[0].doubles() : [1]
    let offsets = hasBeta ? try site.weights[site.weights.count - 1].doubles() : [0]
    return try affine(value, factors: factors, offsets: offsets, at: site)
  }

  /// The mean of each group, a map of one position with a channel for each channel, or a single one for a single group.
  private mutating func groupMean(
    of value: Value, _ groups: Int, _ name: String, at site: Site
  ) throws(ImportError) -> Value {
    let channels = shape(of: value).channels
    let pool = Operation.globalPool(GlobalPool(.average, keepsDimensions: true))
    let means = try step(name, pool, [value], at: site)
    if groups == channels { return means }
    func product(outputs: Int) -> Operation {
      .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: outputs, groups: groups))
    }
    let share = NamedArray.repeated(Float(groups) / Float(channels), [1, 1, channels / groups, groups])
    let ofGroups = try step(name + "/groups", product(outputs: groups), [means], at: site, [share])
    if groups == 1 { return ofGroups }
    let ones = NamedArray.repeated(1, [1, 1, 1, channels])
    return try step(name + "/channels", product(outputs: channels), [ofGroups], at: site, [ones])
  }
}
