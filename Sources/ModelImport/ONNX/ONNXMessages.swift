import ModelGraph

/// Reads an ONNX file's messages into `ONNXModel`.
///
/// Texts and lists are copied, tensors' values are not. The number of messages is limited before any is made.
struct ONNXMessages {
  private static let largestMessageCount = 1 << 20

  private var messageCount = 0

  /// - Parameter bytes: The whole file.
  static func read(_ bytes: UnsafeRawBufferPointer) throws(ImportError) -> ONNXModel {
    var reader = ONNXMessages()
    return try unsafe reader.model(ProtobufReader(bytes, 0..<bytes.count))
  }

  private mutating func count(_ field: ProtobufReader.Field) throws(ImportError) {
    messageCount += 1
    guard messageCount <= Self.largestMessageCount else {
      throw .protobuf(
        offset: field.offset, reason: "more than \(Self.largestMessageCount) nodes, values and attributes")
    }
  }

  private mutating func model(_ fields: ProtobufReader) throws(ImportError) -> ONNXModel {
    var fields = fields
    var model = ONNXModel()
    var hasGraph = false
    while let field = try fields.next() {
      switch field.number {
      case 2: model.producer = try fields.string(try field.range())
      case 7:
        guard !hasGraph else { throw .protobuf(offset: field.offset, reason: "a second graph") }
        hasGraph = true
        model.graph = try graph(fields.message(try field.range()))
      case 8:
        try count(field)
        let (domain, version) = try opset(fields.message(try field.range()))
        model.opsets[domain == "ai.onnx" ? "" : domain] = version
      case 25:
        try count(field)
        model.functions.append(try functionName(fields.message(try field.range())))
      default: break
      }
    }
    guard hasGraph else { throw .model(reason: "no graph: not an ONNX file, or cut short") }
    return model
  }

  private func opset(_ fields: ProtobufReader) throws(ImportError) -> (domain: String, version: Int) {
    var fields = fields
    var opset = (domain: "", version: 0)
    while let field = try fields.next() {
      switch field.number {
      case 1: opset.domain = try fields.string(try field.range())
      case 2: opset.version = try field.int()
      default: break
      }
    }
    return opset
  }

  private func functionName(_ fields: ProtobufReader) throws(ImportError) -> String {
    var fields = fields
    var (name, domain) = ("", "")
    while let field = try fields.next() {
      switch field.number {
      case 1: name = try fields.string(try field.range())
      case 10: domain = try fields.string(try field.range())
      default: break
      }
    }
    return "\(domain).\(name)"
  }

  private mutating func graph(_ fields: ProtobufReader) throws(ImportError) -> ONNXGraph {
    var fields = fields
    var graph = ONNXGraph()
    while let field = try fields.next() {
      switch field.number {
      case 1:
        try count(field)
        guard graph.nodes.count < Limits.nodes else {
          throw .protobuf(offset: field.offset, reason: "more than \(Limits.nodes) nodes")
        }
        graph.nodes.append(try node(fields.message(try field.range())))
      case 2: graph.name = try fields.string(try field.range())
      case 5:
        try count(field)
        graph.initializers.append(try tensor(fields.message(try field.range())))
      case 11:
        try count(field)
        graph.inputs.append(try valueInfo(fields.message(try field.range())))
      case 12:
        try count(field)
        graph.outputs.append(try valueInfo(fields.message(try field.range())))
      case 15: throw .protobuf(offset: field.offset, reason: "a sparse initializer, expected dense ones")
      default: break
      }
    }
    return graph
  }

  private mutating func node(_ fields: ProtobufReader) throws(ImportError) -> ONNXNode {
    var fields = fields
    var node = ONNXNode()
    while let field = try fields.next() {
      switch field.number {
      case 1:
        try count(field)
        node.inputs.append(try fields.string(try field.range()))
      case 2:
        try count(field)
        node.outputs.append(try fields.string(try field.range()))
      case 3: node.name = try fields.string(try field.range())
      case 4: node.operation = try fields.string(try field.range())
      case 5:
        try count(field)
        let (name, attribute) = try attribute(fields.message(try field.range()))
        guard node.attributes.updateValue(attribute, forKey: name) == nil else {
          throw .protobuf(offset: field.offset, reason: "a node with two attributes named \"\(name)\"")
        }
      case 7: node.domain = try fields.string(try field.range())
      default: break
      }
    }
    if node.domain == "ai.onnx" { node.domain = "" }
    return node
  }

  private mutating func valueInfo(_ fields: ProtobufReader) throws(ImportError) -> ONNXValueInfo {
    var fields = fields
    var info = ONNXValueInfo()
    while let field = try fields.next() {
      switch field.number {
      case 1: info.name = try fields.string(try field.range())
      case 2:
        var type = fields.message(try field.range())
        while let field = try type.next() {
          guard field.number == 1 else { continue }
          var tensor = type.message(try field.range())
          while let field = try tensor.next() {
            switch field.number {
            case 1: info.elementType = try field.int()
            case 2: info.dimensions = try dimensions(tensor.message(try field.range()))
            default: break
            }
          }
        }
      default: break
      }
    }
    return info
  }

  private mutating func dimensions(_ fields: ProtobufReader) throws(ImportError) -> [Int?] {
    var fields = fields
    var dimensions: [Int?] = []
    while let field = try fields.next() {
      guard field.number == 1 else { continue }
      try count(field)
      var dimension = fields.message(try field.range())
      var size: Int?
      while let field = try dimension.next() {
        if field.number == 1 { size = try field.int() }
      }
      // Some writers state an open dimension as 0 or -1.
      dimensions.append(size.flatMap { $0 > 0 ? $0 : nil })
    }
    return dimensions
  }
}
