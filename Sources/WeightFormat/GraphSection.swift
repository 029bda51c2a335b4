import ModelGraph

extension Graph {
  /// The nodes, which are checked against each other and the tensors by `validate()`, and where each begins in the file.
  static func nodes(from reader: inout ByteReader) throws(WeightFormatError) -> (nodes: [Node], offsets: [Int]) {
    let count = try reader.count("number of nodes", limit: reader.limits.nodes, unit: 24)
    var nodes: [Node] = []
    var offsets: [Int] = []
    nodes.reserveCapacity(count)
    for index in 0..<count {
      reader.subject = "node \(index)"
      offsets.append(reader.offset)
      nodes.append(try Node(from: &reader))
    }
    try reader.finish()
    return (nodes, offsets)
  }

  func encodeNodes(to writer: inout ByteWriter) throws(WeightFormatError) {
    try writer.integer(nodes.count, "number of nodes")
    for node in nodes { try node.encode(to: &writer) }
  }

  /// Whether the graph has what only an optimizer makes: fused steps, or tensors with a scale.
  var isOptimized: Bool { nodes.contains { $0.operation.isOptimized } || tensors.contains { $0.scale != nil } }
}

extension Node {
  fileprivate init(from reader: inout ByteReader) throws(WeightFormatError) {
    let name = try reader.text("name")
    if !name.isEmpty { reader.subject = "node \"\(name)\"" }
    let number = try reader.unsigned32("operation")
    guard let code = OperationCode(rawValue: number) else {
      throw reader.fault(
        .value, "operation", found: "\(number)", expected: ByteReader.knownNumber, back: 4)
    }
    let rank = try reader.integer("rank of its shape")
    guard rank == 1 || rank == 3 else {
      throw reader.fault(.value, "rank of its shape", found: "\(rank)", expected: "1 or 3", back: 4)
    }
    var dimensions: [Int] = []
    for _ in 0..<rank { dimensions.append(try reader.integer("dimension")) }
    guard let shape = Shape(dimensions: dimensions), shape.checkedElementCount != nil else {
      throw reader.fault(
        .value, "shape", found: "\(dimensions)", expected: "1 to \(Limits.elements) values", back: rank * 4)
    }
    let inputs = try reader.indices("inputs")
    let parameters = try reader.indices("weights")
    self.init(
      name: name, operation: try Operation(from: &reader, code: code, shape: shape), inputs: inputs,
      parameters: parameters, shape: shape)
  }

  fileprivate func encode(to writer: inout ByteWriter) throws(WeightFormatError) {
    try writer.text(name, "name of a node")
    var attributes = ByteWriter()
    let code = try operation.encode(to: &attributes)
    writer.unsigned32(code.rawValue)
    try writer.indices(shape.dimensions, "dimensions")
    try writer.indices(inputs, "inputs")
    try writer.indices(parameters, "weights")
    writer.raw(attributes.bytes)
  }
}
