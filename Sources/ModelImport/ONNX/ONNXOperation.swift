import ModelGraph

/// A node of an ONNX graph with the values that it reads.
struct ONNXOperation {
  let node: ONNXNode
  /// Nil for optional inputs that are not given.
  let inputs: [ONNXValue?]
  let opset: Int

  /// For messages and for the graph's node: its name, or that of its value, as not every exporter names nodes.
  var name: String { node.name.isEmpty ? node.outputs.first { !$0.isEmpty } ?? node.operation : node.name }

  func error(_ reason: String) -> ImportError { .layer(name: name, reason: "\(node.operation): \(reason)") }

  /// The error for what a rule of a table threw, as its closures cannot state the type.
  func error(wrapping error: any Error) -> ImportError { error as? ImportError ?? self.error("\(error)") }

  func has(_ index: Int) -> Bool { inputs.indices.contains(index) && inputs[index] != nil }

  // MARK: Inputs

  func value(_ index: Int) throws(ImportError) -> ONNXValue {
    guard inputs.indices.contains(index), let value = inputs[index] else {
      throw error("has no input \(index), which it needs")
    }
    if case .failure(let error) = value { throw error }
    return value
  }

  func feature(_ index: Int) throws(ImportError) -> ONNXFeature {
    guard case .feature(let feature) = try value(index) else {
      throw error("its input \(index) is a constant, expected a value that depends on the image")
    }
    return feature
  }

  /// A constant, or nil where the optional input is not given.
  func constant(_ index: Int) throws(ImportError) -> ONNXConstant? {
    guard has(index) else { return nil }
    guard case .constant(let constant) = try value(index) else {
      throw error("its input \(index) depends on the image, expected a constant")
    }
    return constant
  }

  func requireConstant(_ index: Int) throws(ImportError) -> ONNXConstant {
    guard let constant = try constant(index) else { throw error("has no input \(index), which it needs") }
    return constant
  }

  /// Whole numbers of an optional input.
  func ints(input index: Int) throws(ImportError) -> [Int]? {
    guard let constant = try constant(index) else { return nil }
    guard let ints = try constant.ints() else { throw error("its input \(index) holds fractions, expected integers") }
    return ints
  }

  /// One number of an optional input.
  func scalar(input index: Int) throws(ImportError) -> Float? {
    guard let constant = try constant(index) else { return nil }
    guard constant.elementCount == 1 else {
      throw error("its input \(index) has the dimensions \(constant.dimensions), expected one number")
    }
    return try constant.floats()[0]
  }

  // MARK: Attributes

  private func unexpected(_ name: String, _ expected: String) -> ImportError {
    error("its attribute \(name) is not \(expected)")
  }

  func int(_ name: String) throws(ImportError) -> Int? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .int(let value) = attribute else { throw unexpected(name, "an integer") }
    return value
  }

  func int(_ name: String, default value: Int) throws(ImportError) -> Int { try int(name) ?? value }

  /// An attribute that newer opsets give as an input.
  func ints(_ name: String, orInput index: Int) throws(ImportError) -> [Int]? {
    if let values = try ints(name) { return values }
    return try ints(input: index)
  }

  /// An input that older opsets give as an attribute.
  func scalar(input index: Int, or name: String, default value: Float) throws(ImportError) -> Float {
    if let scalar = try scalar(input: index) { return scalar }
    return try float(name, default: value)
  }

  func flag(_ name: String) throws(ImportError) -> Bool { try int(name, default: 0) != 0 }

  func float(_ name: String, default value: Float) throws(ImportError) -> Float {
    guard let attribute = node.attributes[name] else { return value }
    guard case .float(let value) = attribute else { throw unexpected(name, "a float") }
    return value
  }

  func string(_ name: String, default value: String) throws(ImportError) -> String {
    guard let attribute = node.attributes[name] else { return value }
    guard case .string(let value) = attribute else { throw unexpected(name, "a string") }
    return value
  }

  func ints(_ name: String) throws(ImportError) -> [Int]? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .ints(let values) = attribute else { throw unexpected(name, "a list of integers") }
    return values
  }

  /// An axis counted from the front, where a negative one counts from the back.
  func axis(_ axis: Int, rank: Int) throws(ImportError) -> Int {
    guard (-rank..<max(rank, 1)).contains(axis) else {
      throw error("the axis \(axis) of a value of \(rank) dimensions")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// Axes of an attribute, which newer opsets give as an input.
  func axes(input index: Int, rank: Int) throws(ImportError) -> [Int]? {
    guard let axes = try ints("axes", orInput: index) else { return nil }
    var result: [Int] = []
    for axis in axes { result.append(try self.axis(axis, rank: rank)) }
    guard Set(result).count == result.count else { throw error("the axes \(axes) name one twice") }
    return result
  }
}
