import ModelGraph

/// Functions of tensors that are no layers.
extension KerasTranslator {
  /// `base ^ exponent`: whole powers as products, fractions as `exp(exponent * log(base))`.
  mutating func power(_ site: Site) throws(ImportError) -> Value {
    let operands = site.operands + ["x1", "x2", "x", "y"].compactMap { site.keywords[$0] }
    guard operands.count == 2 else { throw site.layer.error("a power of \(operands.count) operands, expected 2") }
    switch (operands[0], operands[1]) {
    case (.value(let base), .numbers(let json)):
      let exponent = try numbers(json, beside: base, site)
      guard exponent.count == 1 else { throw site.layer.error("exponents that differ") }
      return try power(of: base, exponent[0], at: site)
    case (.numbers(let json), .value(let exponent)):
      let base = try numbers(json, beside: exponent, site)
      guard base.count == 1, base[0] > 0 else {
        throw site.layer.error("powers of numbers that are not one positive number")
      }
      let factor = Activation.logarithm(base[0])
      let product = try affine(exponent, factors: [factor], offsets: [0], at: site, step: "product")
      return try append(.activation(.exponential), [product], at: site)
    case (.value, .value): throw site.layer.error("a power of two tensors cannot be expressed")
    case (.numbers, .numbers): throw site.layer.error("of numbers alone")
    }
  }

  private mutating func power(of base: Value, _ exponent: Double, at site: Site) throws(ImportError) -> Value {
    guard exponent.isFinite else { throw site.layer.error("a power of \(exponent)") }
    if exponent == 1 { return base }
    if exponent == 0.5 { return try append(.activation(.squareRoot), [base], at: site) }
    if exponent < 0 {
      let positive = try exponent == -1 ? base : power(of: base, -exponent, at: site.inner("positive"))
      return try reciprocal(of: positive, at: site)
    }
    guard exponent != exponent.rounded() || (2...64).contains(exponent) else {
      throw site.layer.error(
        "a power of \(JSON.number(exponent).text), expected a fraction, or a whole number from 1 to 64 or below zero")
    }
    guard exponent == exponent.rounded() else {
      let logarithm = try step("logarithm", .activation(.logarithm), [base], at: site)
      let product = try affine(logarithm, factors: [exponent], offsets: [0], at: site, step: "product")
      return try append(.activation(.exponential), [product], at: site)
    }
    let half = try power(of: base, (exponent / 2).rounded(.down), at: site.inner("half"))
    guard exponent.truncatingRemainder(dividingBy: 2) == 1 else {
      return try append(.binary(.product), [half, half], at: site)
    }
    let even = try step("even", .binary(.product), [half, half], at: site)
    return try append(.binary(.product), [even, base], at: site)
  }

  /// `1 / x`.
  mutating func reciprocal(of value: Value, at site: Site) throws(ImportError) -> Value {
    let channels = shape(of: value).channels
    let one = try step("one", .constant(.vector(channels)), [], at: site, [.repeated(1, [channels])])
    return try append(.binary(.quotient), [one, value], at: site)
  }

  /// The natural logarithm, or that to a base whose own is the scale.
  mutating func logarithm(_ site: Site, dividedBy scale: Double) throws(ImportError) -> Value {
    let input = try site.input()
    if scale == 1 { return try append(.activation(.logarithm), [input], at: site) }
    let natural = try step("natural", .activation(.logarithm), [input], at: site)
    return try affine(natural, factors: [1 / scale], offsets: [0], at: site)
  }

  /// One number around a map.
  mutating func paddedByFunction(_ site: Site) throws(ImportError) -> Value {
    let (layer, input) = (site.layer, try site.input())
    let mode = site.option("mode")?.string?.lowercased() ?? "constant"
    guard mode == "constant" else { throw layer.error("a pad of the mode \"\(mode.prefix(60))\", expected constant") }
    let value = Float(try site.number("constant_values", default: 0))
    let sides = site.option("pad_width", "paddings")?.array?.map { $0.array?.compactMap(\.int) ?? [] } ?? []
    let (rows, columns, channels) = isChannelsFirst ? (2, 3, 1) : (1, 2, 3)
    guard case .map = shape(of: input), input.channel == nil, sides.count == 4, sides[0] == [0, 0],
      sides[channels] == [0, 0], sides.allSatisfy({ $0.count == 2 && $0.allSatisfy((0...Limits.window).contains) })
    else { throw layer.error("a pad of anything but the rows and columns of a map cannot be expressed") }
    if value == 0 {
      var padded = site
      padded.layer.config = .object(["padding": .array([.pair(sides[rows]), .pair(sides[columns])])])
      return try padding(padded)
    }
    let pad = Pad(
      top: sides[rows][0], left: sides[columns][0], bottom: sides[rows][1], right: sides[columns][1], value: value)
    return try append(.pad(pad), [input], at: site)
  }

  /// `x / max(norm, epsilon)` of the channels of each position.
  mutating func normalized(_ site: Site) throws(ImportError) -> Value {
    let input = try site.input()
    try requireChannelAxis(of: input, site.layer)
    let order = try site.number("order", default: 2)
    let epsilon = try site.number("epsilon", default: 1e-7)
    guard order == 2, epsilon <= 1e-6 else {
      throw site.layer.error(
        "normalizes by the order \(JSON.number(order).text) and epsilon \(epsilon), expected 2, and at most 1e-6")
    }
    return try append(.unitNormalization, [input], at: site)
  }

  /// Parts along the rows, the columns or the channels: so many equal ones, or those between indices. TensorFlow's lists
  /// are sizes.
  mutating func split(_ site: Site) throws(ImportError) -> [Value] {
    let (layer, input) = (site.layer, try settled(site.input(), at: site.name))
    try requireChannels(of: input, layer)
    let sides = shape(of: input).asMap.dimensions
    let rank = shape(of: input).dimensions.count + 1
    let given = site.option("axis")?.int ?? 0
    let axis = (given < 0 ? given + rank : given) - 1 + (rank == 2 ? 2 : 0)
    guard !isChannelsFirst, given != 0, sides.indices.contains(axis) else {
      throw layer.error("Split along axis \(given) cannot be expressed")
    }
    let count = sides[axis]
    var starts: [Int]
    let parts = site.option("indices_or_sections", "num_or_size_splits")
    if let parts = parts?.int, (1...Limits.nodes).contains(parts), count % parts == 0 {
      starts = (0..<parts).map { $0 * (count / parts) }
    } else if let list = parts?.array, list.count < Limits.nodes, list.allSatisfy({ $0.int != nil }),
      let cuts = cuts(list.compactMap(\.int), areSizes: layer.config["indices_or_sections"] == nil, of: count)
    {
      starts = [0] + cuts
    } else {
      throw layer.error("Split of \(count) into \(parts?.text ?? "nothing") cannot be expressed")
    }
    starts.append(count)
    guard zip(starts, starts.dropFirst()).allSatisfy({ $0 >= 0 && $0 < $1 }) else {
      throw layer.error("Split at \(starts.dropFirst().dropLast()) of \(count)")
    }
    var values: [Value] = []
    for (start, end) in zip(starts, starts.dropFirst()) {
      var axes = sides.map { Slice.Axis(first: 0, count: $0) }
      axes[axis] = .init(first: start, count: end - start)
      let slice = Slice(rows: axes[0], columns: axes[1], channels: axes[2])
      values.append(try step("\(values.count)", .slice(slice), [input], at: site))
    }
    return values
  }

  /// Where all parts but the first begin; nil where sizes do not add up to the whole.
  private func cuts(_ list: [Int], areSizes: Bool, of count: Int) -> [Int]? {
    guard areSizes else { return list }
    var ends: [Int] = []
    for size in list {
      let end = ends.last ?? 0
      guard (1...count).contains(size), size <= count - end else { return nil }
      ends.append(end + size)
    }
    return ends.last == count ? Array(ends.dropLast()) : nil
  }
}

extension KerasTranslator.Site {
  /// An option that must not be a value of the network; nil where it is null or not there.
  func constant(_ name: String) throws(ImportError) -> JSON? {
    if case .value? = keywords[name] {
      throw layer.error("\(layer.className): its \(name) is a tensor of the network, expected a number")
    }
    return option(name)
  }

  /// A number, which Keras may write as a tensor of one.
  fileprivate func number(_ name: String, default standard: Double) throws(ImportError) -> Double {
    guard let json = try constant(name) else { return standard }
    guard let numbers = json.numbers, numbers.count == 1 else {
      throw layer.error("\(layer.className): its \(name) is \(json.text), expected a number")
    }
    return numbers[0]
  }

  /// The same place for a part of what it computes.
  fileprivate func inner(_ name: String) -> Self {
    var site = self
    site.name += "/" + name
    return site
  }
}

extension JSON {
  fileprivate static func pair(_ numbers: [Int]) -> JSON { .array(numbers.map { .number(Double($0)) }) }
}
