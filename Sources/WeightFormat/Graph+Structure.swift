import ModelGraph

extension Graph {
  /// The nodes, and what the tensors are without their values, as bytes.
  package func structure() throws(WeightFormatError) -> [UInt8] {
    var writer = ByteWriter()
    try writer.integer(tensors.count, "number of tensors")
    for tensor in tensors {
      try writer.text(tensor.name, "name of a tensor")
      writer.unsigned32(UInt32(TensorRecord.elementTypes.firstIndex(of: tensor.elementType)!))
      try writer.indices(tensor.dimensions, "dimensions")
    }
    try encodeNodes(to: &writer)
    return writer.bytes
  }

  /// A valid graph of such bytes, whatever they are; to read a value of its tensors is an error.
  package init(structure bytes: [UInt8]) throws(WeightFormatError) {
    self.init()
    var reader = ByteReader(.graph, at: 0, bytes, limits: .standard)
    let count = try reader.count("number of tensors", limit: reader.limits.tensors, unit: 12)
    for _ in 0..<count {
      let name = try reader.text("name")
      let elementType = try reader.choice("element type", TensorRecord.elementTypes)
      let dimensions = try reader.indices("dimensions")
      guard Limits.elementCount(of: dimensions) != nil else {
        throw reader.fault(.value, "dimensions", found: "\(dimensions)", expected: "1 to \(Limits.elements) elements")
      }
      tensors.append(Tensor(name: name, dimensions: dimensions, elementType: elementType, contents: NoContents()))
    }
    nodes = try Graph.nodes(from: &reader).nodes
    do throws(GraphError) {
      try validate()
    } catch {
      throw WeightFormatError(.graph, in: .graph, "graph", found: error.reason, expected: "a valid network")
    }
  }
}

/// Of a tensor whose values are not known.
private struct NoContents: TensorContents {
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    throw WeightFormatError(.system, "read a tensor", found: "no values", expected: "its values")
  }
}
