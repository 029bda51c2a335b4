import ModelGraph

/// A layer's options, each checked to be what the graph can express.
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
    try requireChannelsLast()
    return Window(
      size: try extent("kernel_size"), stride: try extent("strides", default: Extent(1)),
      dilation: try extent("dilation_rate", default: Extent(1)), padding: try padding())
  }

  /// The window of a pool, which moves by its own size unless told otherwise.
  func poolWindow() throws(ImportError) -> Window {
    try requireChannelsLast()
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

  func requireChannelsLast() throws(ImportError) {
    guard let format = config["data_format"], !format.isNull else { return }
    guard format.string == "channels_last" else { throw unexpected("data_format", "\"channels_last\"") }
  }

  /// Holds `axis`, which counts the batch, to the last one.
  func requireLastAxis(of shape: Shape) throws(ImportError) {
    let axis = config["axis"]
    let value = axis?.array?.count == 1 ? axis?.array?.first?.int : axis?.int
    guard axis == nil || value == -1 || value == shape.dimensions.count else {
      throw unexpected("axis", "the last one, -1 or \(shape.dimensions.count)")
    }
  }

  func require(_ option: String, _ expected: JSON, default standard: JSON) throws(ImportError) {
    let value = config[option] ?? standard
    guard value == expected || value.isNull && standard == expected else { throw unexpected(option, expected.text) }
  }

  func unexpected(_ option: String, _ expected: String) -> ImportError {
    error("\(className): its \(option) is \(config[option]?.text ?? "missing"), expected \(expected)")
  }

  /// The function that its `activation` names; nil where it is linear.
  func activation() throws(ImportError) -> Operation? {
    switch config["activation"] {
    case nil, .null?: return nil
    case .string(let name)?:
      switch name {
      case "linear": return nil
      case "relu": return .activation(.relu)
      case "relu6": return .activation(.relu6)
      case "elu": return .activation(.elu(alpha: 1))
      case "sigmoid": return .activation(.sigmoid)
      case "softmax": return .softmax
      default: break
      }
    default: break
    }
    throw unexpected("activation", "linear, relu, relu6, elu, sigmoid or softmax")
  }
}

extension JSON {
  /// The value in a few words, for messages.
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
