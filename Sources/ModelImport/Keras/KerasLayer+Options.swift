import ModelGraph

/// A layer's options, each checked against what the graph can express.
extension KerasLayer {
  func int(_ option: String) throws(ImportError) -> Int {
    guard let value = config[option]?.int else { throw unexpected(option, "a whole number") }
    return value
  }

  func float(_ option: String, default standard: Float) throws(ImportError) -> Float {
    guard let value = config[option] else { return standard }
    guard let number = value.number, Float(number).isFinite else { throw unexpected(option, "a number") }
    return Float(number)
  }

  func bool(_ option: String, default standard: Bool) throws(ImportError) -> Bool {
    guard let value = config[option], !value.isNull else { return standard }
    guard let bool = value.bool else { throw unexpected(option, "true or false") }
    return bool
  }

  /// A height and a width, or one number for both.
  func extent(_ option: String, default standard: Extent? = nil) throws(ImportError) -> Extent {
    switch config[option] {
    case .array(let sides)?:
      if sides.count == 2, let height = sides[0].int, let width = sides[1].int {
        return Extent(height: height, width: width)
      }
    case let side?:
      if let side = side.int { return Extent(side) }
      if side.isNull, let standard { return standard }
    case nil:
      if let standard { return standard }
    }
    throw unexpected(option, "two whole numbers")
  }

  /// The window of a convolution.
  func kernelWindow() throws(ImportError) -> Window {
    return Window(
      size: try extent("kernel_size"), stride: try extent("strides", default: Extent(1)),
      dilation: try extent("dilation_rate", default: Extent(1)), padding: try padding())
  }

  /// The window of a pool, whose stride is its own size unless stated otherwise.
  func poolWindow() throws(ImportError) -> Window {
    let size = try extent("pool_size")
    return Window(size: size, stride: try extent("strides", default: size), padding: try padding())
  }

  private func padding() throws(ImportError) -> Padding {
    switch config["padding"]?.string {
    case "same"?: return .same
    case "valid"?: return .valid
    default: throw unexpected("padding", "\"same\" or \"valid\"")
    }
  }

  func require(_ option: String, _ expected: JSON, default standard: JSON) throws(ImportError) {
    let value = config[option] ?? standard
    guard value == expected || value.isNull && standard == expected else { throw unexpected(option, expected.text) }
  }

  func unexpected(_ option: String, _ expected: String) -> ImportError {
    error("\(className): its \(option) is \(config[option]?.text ?? "missing"), expected \(expected)")
  }

  var hasBias: Bool {
    get throws(ImportError) { try bool("use_bias", default: true) }
  }

  /// An option of one number or of a list, nested or not.
  func numbers(_ option: String) -> [Double]? { config[option]?.numbers }
}

extension KerasTranslator {
  /// Requires that the value has an axis of channels in Keras too, so that its axes are those of the graph.
  func requireChannels(of value: Value, _ layer: KerasLayer) throws(ImportError) {
    guard !value.lacksChannels else {
      throw layer.error("\(layer.className) of x[..., c], which has no axis of channels, cannot be expressed")
    }
  }

  /// Requires that `axis`, which counts the batch, is the axis of the channels.
  func requireChannelAxis(of value: Value, _ layer: KerasLayer) throws(ImportError) {
    try requireChannels(of: value, layer)
    let axis = layer.config["axis"]
    let found = axis?.array?.count == 1 ? axis?.array?.first?.int : axis?.int
    let rank = shape(of: value).dimensions.count + 1
    let expected = isChannelsFirst && rank == 4 ? 1 : rank - 1
    guard axis != nil else {
      guard expected == rank - 1 else { throw layer.unexpected("axis", "1") }
      return
    }
    guard let found, found == expected || found == expected - rank else {
      throw layer.unexpected("axis", "that of the channels, \(expected - rank) or \(expected)")
    }
  }
}

extension JSON {
  /// One number, or a list of them under lists of one element, as Keras writes constant tensors.
  var numbers: [Double]? {
    var value = self["config"]?["value"] ?? self
    while let list = value.array, list.count == 1, list[0].array != nil { value = list[0] }
    if let number = value.number { return [number] }
    guard let list = value.array, !list.isEmpty else { return nil }
    let numbers = list.compactMap(\.number)
    if numbers.count == list.count { return numbers }
    // Channels first: a list of one number each.
    let inner = list.compactMap { $0.array?.count == 1 ? $0.numbers?.first : nil }
    return inner.count == list.count ? inner : nil
  }

  /// The sides of a constant tensor, as its first elements tell; none for a number.
  var constantShape: [Int] {
    var (value, sides) = (self["config"]?["value"] ?? self, [Int]())
    while let list = value.array {
      sides.append(list.count)
      guard let first = list.first else { break }
      value = first
    }
    return sides
  }

  /// The value in a few words, for error messages.
  var text: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let value): int.map(String.init) ?? "\(value)"
    case .string(let value): "\"\(value.prefix(60))\""
    case .array(let values) where values.count <= 4: "[" + values.map(\.text).joined(separator: ", ") + "]"
    case .array: "a list"
    case .object: self["class_name"]?.string.map { "an object of the class \"\($0.prefix(60))\"" } ?? "an object"
    }
  }
}
