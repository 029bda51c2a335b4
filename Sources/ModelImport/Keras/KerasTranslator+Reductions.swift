import ModelGraph

/// Sums, means, maxima and minima along axes: of a map's rows and columns, or of the channels of each position.
extension KerasTranslator {
  enum Reduction { case sum, mean, maximum, minimum }

  mutating func reduction(_ kind: Reduction, _ site: Site) throws(ImportError) -> Value {
    let input = try site.input()
    try requireChannels(of: input, site.layer)
    if let initial = try site.constant("initial") {
      throw site.layer.error("\(site.layer.className): its initial is \(initial.text), expected none")
    }
    let rank = shape(of: input).dimensions.count + 1
    let json = site.option("axis")
    let axes = (json?.array ?? json.map { [$0] })?.compactMap(\.int).map { $0 < 0 ? $0 + rank : $0 }.sorted()
    let keepsDimensions = site.option("keepdims")?.bool ?? false
    let positions = isChannelsFirst ? [2, 3] : [1, 2]
    let channels = isChannelsFirst && rank == 4 ? 1 : rank - 1
    switch axes {
    case positions? where rank == 4: return try reducedPositions(kind, input, keepsDimensions, at: site)
    case [channels]? where keepsDimensions: return try reducedChannels(kind, input, at: site)
    case [channels]?:
      throw site.layer.error("\(site.layer.className) of the channels without keepdims=True cannot be expressed")
    default:
      throw site.layer.error(
        "\(site.layer.className): its axis is \(json?.text ?? "missing"), expected \(positions), the rows and columns of a map,"
          + " or \(channels), the channels")
    }
  }

  private mutating func reducedPositions(
    _ kind: Reduction, _ input: Value, _ keepsDimensions: Bool, at site: Site
  ) throws(ImportError) -> Value {
    func pool(_ kind: GlobalPool.Kind) -> Operation { .globalPool(GlobalPool(kind, keepsDimensions: keepsDimensions)) }
    switch kind {
    case .mean: return try append(pool(.average), [input], at: site)
    case .maximum: return try append(pool(.maximum), [input], at: site)
    case .sum:
      let shape = shape(of: input)
      let mean = try step("mean", pool(.average), [input], at: site)
      return try affine(mean, factors: [Double(shape.elementCount / shape.channels)], offsets: [0], at: site)
    case .minimum:
      let negative = try negated(input, at: site)
      let maximum = try step("maximum", pool(.maximum), [negative], at: site)
      return try affine(maximum, factors: [-1], offsets: [0], at: site)
    }
  }

  private mutating func reducedChannels(_ kind: Reduction, _ input: Value, at site: Site) throws(ImportError) -> Value {
    let channels = shape(of: input).channels
    switch kind {
    case .sum: return try channelSum(of: input, factor: 1, at: site)
    case .mean: return try channelSum(of: input, factor: 1 / Float(channels), at: site)
    case .maximum: return try channelMaximum(of: input, at: site)
    case .minimum:
      let maximum = try channelMaximum(of: try negated(input, at: site), at: site)
      return try affine(maximum, factors: [-1], offsets: [0], at: site)
    }
  }

  private mutating func negated(_ value: Value, at site: Site) throws(ImportError) -> Value {
    try affine(value, factors: [-1], offsets: [0], at: site, step: "negative")
  }

  /// A product with a kernel of equal numbers.
  private mutating func channelSum(of value: Value, factor: Float, at site: Site) throws(ImportError) -> Value {
    let channels = shape(of: value).channels
    if case .vector = shape(of: value) {
      let kernel = NamedArray.repeated(factor, [channels, 1])
      return try append(.dense(Dense(outputs: 1, hasBias: false)), [value], at: site, [kernel])
    }
    let convolution = Convolution(window: Window(size: Extent(1)), outputChannels: 1)
    return try append(.convolution(convolution), [value], at: site, [.repeated(factor, [1, 1, channels, 1])])
  }

  /// The larger of both halves, again and again; an odd number's halves share a channel.
  private mutating func channelMaximum(of value: Value, at site: Site) throws(ImportError) -> Value {
    var result = try settled(value, at: site.name)
    if shape(of: result).channels == 1 { return result }
    while shape(of: result).channels > 1 {
      let channels = shape(of: result).channels
      let half = (channels + 1) / 2
      var halves: [Value] = []
      for first in [0, channels - half] {
        let slice = Operation.slice(try channelSlice(first, half, of: result.node, at: site.name))
        halves.append(try step("half", slice, [result], at: site))
      }
      let maximum = Operation.binary(.maximum)
      result = half == 1 ? try append(maximum, halves, at: site) : try step("larger", maximum, halves, at: site)
    }
    return result
  }
}

extension NamedArray {
  /// One number everywhere.
  static func repeated(_ value: Float, _ dimensions: [Int]) -> NamedArray {
    NamedArray(
      name: "numbers", dimensions: dimensions,
      values: [Float](repeating: value, count: dimensions.reduce(1, *)))
  }
}
