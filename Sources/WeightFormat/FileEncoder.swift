import ModelGraph

/// Lays a model out as a file: the data first, tensor by tensor, then everything before it, whose length is known from
/// the start.
struct FileEncoder {
  let profile: WeightFile.StorageProfile
  private let metadata: [UInt8]
  private let nodes: [UInt8]
  private let isOptimized: Bool
  private var records: [TensorRecord]
  private let tensors: [Tensor]
  private var blocks: [Block] = []
  private var directory: Directory
  private var dataChecksum: UInt32 = 0
  private var dataLength = 0

  init(_ model: Model, profile: WeightFile.StorageProfile, floatType: ElementType?) throws(WeightFormatError) {
    do throws(GraphError) {
      try model.graph.validate()
    } catch {
      throw WeightFormatError(
        .graph, error.node.map { "node \"\($0)\"" } ?? "graph", found: error.reason, expected: "a valid network")
    }
    try model.metadata.check(against: model.graph)
    if let floatType, !floatType.isFloat {
      throw WeightFormatError(
        .value, "type of the floating-point weights", found: "\(floatType)", expected: "float32, float16 or bfloat16")
    }
    self.profile = profile
    tensors = model.graph.tensors
    records = try tensors.map { tensor throws(WeightFormatError) in
      guard Limits.elementCount(of: tensor.dimensions) != nil,
        FormatConstants.tensorRank.contains(tensor.dimensions.count)
      else {
        throw WeightFormatError(
          .value, in: .tensors, "tensor \"\(tensor.name)\"", found: "\(tensor.dimensions)",
          expected: "1 to 8 dimensions, 1 to \(Limits.elements) elements")
      }
      let converts = tensor.elementType.isFloat && tensor.dimensions.count > 1
      return TensorRecord(
        name: tensor.name, elementType: converts ? floatType ?? tensor.elementType : tensor.elementType,
        dimensions: tensor.dimensions, scale: tensor.scale, dataOffset: 0, firstBlock: 0)
    }
    var writer = ByteWriter()
    try model.metadata.encode(to: &writer)
    metadata = writer.bytes
    writer = ByteWriter()
    try model.graph.encodeNodes(to: &writer)
    nodes = writer.bytes
    isOptimized = model.graph.isOptimized
    directory = Directory(lengths: [
      (.metadata, true, metadata.count), (.graph, true, nodes.count),
      (.tensors, true, try Self.section(records).count),
      (.blocks, true, records.reduce(0) { $0 + $1.blockCount } * FormatConstants.blockEntryLength), (.data, true, 0),
    ])
  }

  private static func section(_ records: [TensorRecord]) throws(WeightFormatError) -> [UInt8] {
    var writer = ByteWriter()
    try writer.integer(records.count, "number of tensors")
    for record in records { try record.encode(to: &writer) }
    return writer.bytes
  }

  /// Reads what describes the weights as a reader with the standard limits will.
  func checkSections() throws(WeightFormatError) {
    func reader(_ kind: SectionKind, _ bytes: [UInt8]) throws(WeightFormatError) -> ByteReader {
      let limit = ReadLimits.standard.sectionBytes
      guard bytes.count <= limit else {
        throw WeightFormatError(.limit, in: kind, "length", found: "\(bytes.count)", expected: "at most \(limit)")
      }
      return ByteReader(kind, at: 0, bytes, limits: .standard)
    }
    var metadata = try reader(.metadata, metadata)
    _ = try Metadata(from: &metadata)
    var nodes = try reader(.graph, nodes)
    _ = try Graph.nodes(from: &nodes)
    var records = try reader(.tensors, Self.section(records))
    _ = try TensorRecord.records(from: &records)
  }

  /// Encodes the tensors one after the other and hands each part of the DATA section on, with its place in the file.
  mutating func encodeData(
    _ emit: (_ bytes: [UInt8], _ offset: Int) throws(WeightFormatError) -> Void
  ) throws(WeightFormatError) {
    let start = directory[.data].offset
    for (index, tensor) in tensors.enumerated() {
      let type = records[index].elementType
      let encoded = try encode(tensor, as: type)
      let padding = [UInt8](repeating: 0, count: FormatConstants.aligned(dataLength) - dataLength)
      records[index].dataOffset = UInt64(dataLength + padding.count)
      records[index].firstBlock = blocks.count
      blocks += encoded.blocks
      for part in [padding, encoded.bytes] {
        try emit(part, start + dataLength)
        dataChecksum = Checksum.of(part, after: dataChecksum)
        dataLength += part.count
      }
    }
  }

  private func encode(_ tensor: Tensor, as type: ElementType) throws(WeightFormatError) -> EncodedTensor {
    do {
      let profile = profile
      let expected = tensor.dimensions.reduce(type.byteCount, *)
      return try unsafe tensor.converted(to: type).contents.withBytes { bytes throws(WeightFormatError) in
        guard bytes.count == expected else {
          throw WeightFormatError(
            .size, in: .data, "tensor \"\(tensor.name)\"", found: "\(bytes.count) bytes", expected: "\(expected)")
        }
        return unsafe EncodedTensor(bytes, type: type, profile: profile)
      }
    } catch let error as WeightFormatError {
      throw error
    } catch {
      throw WeightFormatError(
        .system, "read tensor \"\(tensor.name)\"", found: "\(error)", expected: "its weights")
    }
  }

  /// The file up to its DATA section, once the data are encoded.
  func head() throws(WeightFormatError) -> [UInt8] {
    var table = ByteWriter()
    for block in blocks { table.block(block) }
    var contents: [(SectionKind, [UInt8])] = [(.metadata, metadata), (.graph, nodes)]
    contents += [(.tensors, try Self.section(records)), (.blocks, table.bytes)]
    var directory = directory
    for (index, content) in contents.enumerated() {
      directory.sections[index].checksum = Checksum.of(content.1)
    }
    directory.sections[4].length = dataLength
    directory.sections[4].checksum = dataChecksum
    var required: RequiredFeatures = profile == .compact ? .compact : []
    if isOptimized { required.insert(.optimized) }
    let header = Header(
      required: required, fileLength: directory.sections[4].range.upperBound,
      sectionCount: directory.sections.count, directoryChecksum: Checksum.of(directory.bytes))
    var head = ByteWriter()
    head.raw(header.bytes)
    head.raw(directory.bytes)
    for (_, content) in contents {
      head.pad(to: FormatConstants.alignment)
      head.raw(content)
    }
    head.pad(to: FormatConstants.alignment)
    return head.bytes
  }
}
