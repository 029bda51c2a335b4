extension ONNXMessages {
  /// Lists of an attribute, such as kernel sizes, are short; values of weights are tensors.
  private static let longestList = 1 << 16

  func attribute(_ fields: ProtobufReader) throws(ImportError) -> (name: String, value: ONNXAttribute) {
    var fields = fields
    var name = ""
    var type: Int?
    var (int, float, string, tensor) = (0, Float(0), "", ONNXTensor())
    var (ints, floats): ([Int], [Float]) = ([], [])
    var present: Set<Int> = []
    while let field = try fields.next() {
      present.insert(field.number)
      switch field.number {
      case 1: name = try fields.string(try field.range())
      case 2: float = try field.float()
      case 3: int = try field.int()
      // Bytes, of which those that an operation reads are names.
      case 4: string = (try? fields.string(try field.range())) ?? ""
      case 5: tensor = try self.tensor(fields.message(try field.range()))
      case 7: try append(field, of: fields, to: &floats)
      case 8: try append(field, of: fields, to: &ints)
      case 20: type = try field.int()
      default: break
      }
    }
    switch type ?? [2: 1, 3: 2, 4: 3, 5: 4, 7: 6, 8: 7].first(where: { present.contains($0.key) })?.value {
    case 1: return (name, .float(float))
    case 2: return (name, .int(int))
    case 3: return (name, .string(string))
    case 4: return (name, .tensor(tensor))
    case 6: return (name, .floats(floats))
    case 7: return (name, .ints(ints))
    case 5, 10: return (name, .other("a graph"))
    case let type: return (name, .other("of the type \(type ?? 0)"))
    }
  }

  func tensor(_ fields: ProtobufReader) throws(ImportError) -> ONNXTensor {
    var fields = fields
    var tensor = ONNXTensor()
    var raw: Range<Int>?
    var packed: [ONNXTensor.Field] = []
    var external: [String: String] = [:]
    var isExternal = false
    while let field = try fields.next() {
      switch field.number {
      case 1: try append(field, of: fields, to: &tensor.dimensions)
      case 2: tensor.type = try field.int()
      case 4: packed.append(try numbers(field, .fixed32))
      case 5, 7, 11: packed.append(try numbers(field, .varint))
      case 8: tensor.name = try fields.string(try field.range())
      case 9: raw = try field.range()
      case 10: packed.append(try numbers(field, .fixed64))
      case 13:
        let (key, value) = try entry(fields.message(try field.range()))
        external[key] = value
      case 14: isExternal = try field.int() == 1
      default: break
      }
      guard packed.count <= Self.longestList else {
        throw .protobuf(offset: field.offset, reason: "a tensor in more than \(Self.longestList) pieces")
      }
    }
    if isExternal {
      tensor.payload = .external(try externalData(external, of: tensor.name))
    } else {
      tensor.payload = raw.map { .raw($0) } ?? .fields(packed)
    }
    return tensor
  }

  private func externalData(
    _ entries: [String: String], of name: String
  ) throws(ImportError) -> ONNXTensor.ExternalData {
    guard let location = entries["location"] else {
      throw .weights(layer: name, reason: "its values lie in another file, which is not named")
    }
    var data = ONNXTensor.ExternalData(location: location)
    for (key, text) in entries where key == "offset" || key == "length" {
      guard let number = Int(text), number >= 0 else {
        throw .weights(layer: name, reason: "the \(key) of its values in \"\(location)\" is \"\(text)\"")
      }
      if key == "offset" { data.offset = number } else { data.length = number }
    }
    return data
  }

  private func entry(_ fields: ProtobufReader) throws(ImportError) -> (key: String, value: String) {
    var fields = fields
    var (key, value) = ("", "")
    while let field = try fields.next() {
      switch field.number {
      case 1: key = try fields.string(try field.range())
      case 2: value = try fields.string(try field.range())
      default: break
      }
    }
    return (key, value)
  }

  /// Where a field's numbers lie: packed, or one number by itself.
  private func numbers(
    _ field: ProtobufReader.Field, _ encoding: ONNXTensor.Field.Encoding
  ) throws(ImportError) -> ONNXTensor.Field {
    if case .bytes(let range) = field.value { return ONNXTensor.Field(encoding: encoding, range: range) }
    return ONNXTensor.Field(encoding: encoding, range: field.content)
  }

  private func append(
    _ field: ProtobufReader.Field, of fields: ProtobufReader, to list: inout [Int]
  ) throws(ImportError) {
    if case .bytes(let range) = field.value {
      var packed = fields.message(range)
      while packed.offset < range.upperBound {
        list.append(Int(truncatingIfNeeded: try packed.varint()))
        try checkLength(list.count, at: field)
      }
    } else {
      list.append(try field.int())
    }
    try checkLength(list.count, at: field)
  }

  private func append(
    _ field: ProtobufReader.Field, of fields: ProtobufReader, to list: inout [Float]
  ) throws(ImportError) {
    if case .bytes(let range) = field.value {
      try checkLength(list.count + range.count / 4, at: field)
      var packed = fields.message(range)
      while packed.offset < range.upperBound { list.append(Float(bitPattern: try packed.fixed32())) }
    } else {
      list.append(try field.float())
    }
    try checkLength(list.count, at: field)
  }

  private func checkLength(_ count: Int, at field: ProtobufReader.Field) throws(ImportError) {
    guard count <= Self.longestList else {
      throw .protobuf(offset: field.offset, reason: "a list of more than \(Self.longestList) numbers")
    }
  }
}
