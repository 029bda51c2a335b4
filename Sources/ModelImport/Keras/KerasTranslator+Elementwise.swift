import ModelGraph

/// Arithmetic of values, by layers and by operators.
extension KerasTranslator {
  /// Two or more operands; numbers among them are a factor or an offset.
  mutating func arithmetic(_ binary: Binary, _ site: Site) throws(ImportError) -> Value {
    var operands = site.operands
    operands += ["x1", "x2", "x", "y", "bias", "value"].compactMap { site.keywords[$0] }
    let values = operands.compactMap { if case .value(let value) = $0 { value } else { nil } }
    guard operands.count >= 2, !values.isEmpty else {
      throw site.layer.error("\(site.layer.className) of \(operands.count) operands, expected 2 or more")
    }
    if values.count == operands.count { return try combined(binary, values, at: site) }
    guard operands.count == 2 else { throw site.layer.error("of numbers and more than one tensor") }
    switch (operands[0], operands[1]) {
    case (.value(let value), .numbers(let json)):
      return try arithmetic(binary, value, try numbers(json, beside: value, site), at: site)
    case (.numbers(let json), .value(let value)):
      return try arithmetic(try numbers(json, beside: value, site), binary, value, at: site)
    default: throw site.layer.error("of numbers alone")
    }
  }

  private mutating func arithmetic(
    _ binary: Binary, _ value: Value, _ numbers: [Double], at site: Site
  ) throws(ImportError) -> Value {
    switch binary {
    case .sum: try affine(value, factors: [1], offsets: numbers, at: site)
    case .difference: try affine(value, factors: [1], offsets: numbers.map { -$0 }, at: site)
    case .product: try affine(value, factors: numbers, offsets: [0], at: site)
    case .quotient: try affine(value, factors: numbers.map { 1 / $0 }, offsets: [0], at: site)
    case .maximum, .minimum: try limited(value, binary, numbers, at: site)
    }
  }

  private mutating func arithmetic(
    _ numbers: [Double], _ binary: Binary, _ value: Value, at site: Site
  ) throws(ImportError) -> Value {
    switch binary {
    case .sum, .product, .maximum, .minimum: return try arithmetic(binary, value, numbers, at: site)
    case .difference: return try affine(value, factors: [-1], offsets: numbers, at: site)
    case .quotient:
      let channels = shape(of: value).channels
      let constant = NamedArray(
        name: "numbers", dimensions: [channels], values: (0..<channels).map { Float(numbers[$0 % numbers.count]) })
      let dividend = try step("numbers", .constant(.vector(channels)), [], at: site, [constant])
      return try append(.binary(.quotient), [dividend, value], at: site)
    }
  }

  private mutating func limited(
    _ value: Value, _ binary: Binary, _ numbers: [Double], at site: Site
  ) throws(ImportError) -> Value {
    guard numbers.count == 1 else { throw site.layer.error("\(binary.rawValue) of one number a channel") }
    let limit = Float(numbers[0])
    let clip: Activation =
      binary == .maximum
      ? (limit == 0 ? .relu : .clip(minimum: limit, maximum: .infinity)) : .clip(minimum: -.infinity, maximum: limit)
    return try append(.activation(clip), [value], at: site)
  }

  /// One number, or one for each channel; axes of one position before them do not matter, as long as the value has as many.
  func numbers(_ json: JSON, beside value: Value, _ site: Site) throws(ImportError) -> [Double] {
    let sides = json.constantShape
    guard let numbers = json.numbers, numbers.allSatisfy(\.isFinite),
      numbers.count == 1
        || numbers.count == shape(of: value).channels && sides.last == numbers.count && !isChannelsFirst
    else { throw site.layer.error("\(site.layer.className) of numbers that are neither one nor one a channel") }
    let rank = shape(of: value).dimensions.count + (value.lacksChannels ? 0 : 1)
    guard sides.count <= rank else {
      throw site.layer.error(
        "\(site.layer.className) of a constant of \(sides.count) axes and a tensor of \(rank), which would get as many")
    }
    return numbers
  }

  /// Values of one shape, or values that are repeated along axes of one position.
  mutating func combined(_ binary: Binary, _ values: [Value], at site: Site) throws(ImportError) -> Value {
    guard values.count >= 2 else { throw site.layer.error("\(site.layer.className) of 1 input, expected 2 or more") }
    if values.contains(where: { $0.lacksChannels != values[0].lacksChannels }) {
      for value in values { try requireChannels(of: value, site.layer) }
    }
    let shapes = values.map { shape(of: $0) }
    if isChannelsFirst, shapes.contains(where: { $0 != shapes[0] }) {
      throw site.layer.error("of shapes that differ, with channels first")
    }
    if binary == .product, let input = hardSwishInput(values) {
      return try append(.activation(.hardSwish), [input], at: site)
    }
    if binary == .sum, shapes.allSatisfy({ $0 == shapes[0] }) { return try append(.add, values, at: site) }
    if binary == .difference || binary == .quotient, values.count != 2 {
      throw site.layer.error("\(site.layer.className) of \(values.count) inputs, expected 2")
    }
    var result = values[0]
    for (index, value) in values.enumerated().dropFirst() {
      result =
        index == values.count - 1
        ? try append(.binary(binary), [result, value], at: site)
        : try step("\(index)", .binary(binary), [result, value], at: site)
    }
    return result
  }

  /// The `x` of `x * hardSigmoid(x)`, which is one function.
  private func hardSwishInput(_ values: [Value]) -> Value? {
    guard values.count == 2, values.allSatisfy(\.isPlain) else { return nil }
    for (x, gate) in [(values[0], values[1]), (values[1], values[0])] {
      let node = builder.graph.nodes[gate.node]
      if x.node > 0, node.operation == .activation(.hardSigmoid(slope: 1 / 6, offset: 0.5)), node.inputs == [x.node] {
        return x
      }
    }
    return nil
  }

  mutating func average(_ site: Site) throws(ImportError) -> Value {
    let values = try site.values()
    var sum = site
    sum.name += "/sum"
    let total = try combined(.sum, values, at: sum)
    return try affine(total, factors: [1 / Double(values.count)], offsets: [0], at: site)
  }

  /// InceptionResNetV2's `x + scale * y`.
  mutating func scaledSum(_ site: Site) throws(ImportError) -> Value {
    let values = try site.values()
    guard values.count == 2, let scale = site.layer.config["scale"]?.number else {
      throw site.layer.unexpected("scale", "a number, and two inputs")
    }
    let scaled = try affine(values[1], factors: [scale], offsets: [0], at: site, step: "scaled")
    return try combined(.sum, [values[0], scaled], at: site)
  }

  /// A function whose code is never run; the user may say which of the known functions it is.
  mutating func lambda(_ site: Site) throws(ImportError) -> Value {
    lambdas.formUnion([site.layer.name, site.name])
    guard let meaning = options.lambdas[site.layer.name] ?? options.lambdas[site.name] else {
      throw site.layer.error(
        "a Lambda holds Python code, which is never run; if it is one of Keras's preprocess_input functions, say so"
          + " with --lambda \(site.layer.name)=keras|caffe|torch|identity")
    }
    let input = try site.input()
    switch meaning {
    case .identity: return input
    case .keras: return try affine(input, factors: [1 / 127.5], offsets: [-1], at: site)
    case .caffe:
      var reversed = site
      reversed.name += "/bgr"
      let bgr = try reversedChannels(input, at: reversed)
      return try affine(bgr, factors: [1], offsets: ImageNet.caffeMean.map { -$0 }, at: site)
    case .torch:
      let (mean, deviation) = (ImageNet.mean, ImageNet.standardDeviation)
      return try affine(
        input, factors: deviation.map { 1 / (255 * $0) }, offsets: zip(mean, deviation).map { -$0 / $1 }, at: site)
    }
  }

  /// Refuses a declaration of a layer that is not there, which is a name misspelled.
  func checkLambdas() throws(ImportError) {
    guard let name = options.lambdas.keys.sorted().first(where: { !lambdas.contains($0) }) else { return }
    let found = lambdas.isEmpty ? "has none" : "has \(lambdas.sorted().map { "\"\($0)\"" }.joined(separator: ", "))"
    throw .options(reason: "there is no Lambda layer \"\(name)\" to declare; the model \(found)")
  }
}
