import ModelGraph

/// Lays a model out as a file: the data first, tensor by tensor, then everything before it, whose length is known from
/// the start.
struct FileEncoder {
  let profile: WeightFile.StorageProfile
  /// The sections between the directory and the tensors.
  private let sections: [(kind: SectionKind, bytes: [UInt8])]
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
    sections = try Self.sections(of: model)
    isOptimized = model.graph.isOptimized
    let blockBytes = records.reduce(0) { $0 + $1.blockCount } * FormatConstants.blockEntryLength
    directory = Directory(
      lengths: sections.map { ($0.kind, $0.kind != .assumptions, $0.bytes.count) } + [
        (.tensors, true, try Self.section(records).count), (.blocks, true, blockBytes), (.data, true, 0),
      ])
  }

  private static func sections(of model: Model) throws(WeightFormatError) -> [(kind: SectionKind, bytes: [UInt8])] {
    let metadata = try bytes { writer throws(WeightFormatError) in try model.metadata.encode(to: &writer) }
    let nodes = try bytes { writer throws(WeightFormatError) in try model.graph.encodeNodes(to: &writer) }
    guard !model.metadata.assumptions.isEmpty else { return [(.metadata, metadata), (.graph, nodes)] }
    let assumptions = try bytes { writer throws(WeightFormatError) in
      try writer.assumptions(model.metadata.assumptions)
    }
    return [(.metadata, metadata), (.assumptions, assumptions), (.graph, nodes)]
  }

  private static func bytes(
    _ write: (inout ByteWriter) throws(WeightFormatError) -> Void
  ) throws(WeightFormatError) -> [UInt8] {
    var writer = ByteWriter()
    try write(&writer)
    return writer.bytes
  }

  private static func section(_ records: [TensorRecord]) throws(WeightFormatError) -> [UInt8] {
    try bytes { writer throws(WeightFormatError) in
      try writer.integer(records.count, "number of tensors")
      for record in records { try record.encode(to: &writer) }
    }
  }

  /// Reads what describes the weights as a reader with the standard limits will.
  func checkSections() throws(WeightFormatError) {
    for (kind, bytes) in sections + [(.tensors, try Self.section(records))] {
      let limit = ReadLimits.standard.sectionBytes
      guard bytes.count <= limit else {
        throw WeightFormatError(.limit, in: kind, "length", found: "\(bytes.count)", expected: "at most \(limit)")
      }
      var reader = ByteReader(kind, at: 0, bytes, limits: .standard)
      switch kind {
      case .metadata: _ = try Metadata(from: &reader)
      case .assumptions: _ = try reader.assumptions()
      case .graph: _ = try Graph.nodes(from: &reader)
      case .tensors: _ = try TensorRecord.records(from: &reader)
      default: break
      }
    }
  }

  /// Encodes the tensors one after the other and hands each part of the DATA section on, with its place in the file.
  ///
  /// - Parameter progress: Told which part of the weights is encoded, 0 to 1.
  mutating func encodeData(
    progress: (Double) -> Void = { _ in },
    _ emit: (_ bytes: [UInt8], _ offset: Int) throws(WeightFormatError) -> Void
  ) throws(WeightFormatError) {
    let total = records.reduce(0) { $0 + $1.byteCount }
    var done = 0
    for (index, tensor) in tensors.enumerated() {
      try append([UInt8](repeating: 0, count: FormatConstants.aligned(dataLength) - dataLength), emit)
      records[index].dataOffset = UInt64(dataLength)
      records[index].firstBlock = blocks.count
      let type = records[index].elementType
      try unsafe withElements(of: tensor, as: type) { elements in
        for start in stride(from: 0, to: elements.count, by: Self.partLength) {
          let part = unsafe elements[start..<min(start + Self.partLength, elements.count)]
          let encoded = unsafe EncodedBlocks(UnsafeRawBufferPointer(rebasing: part), type: type, profile: profile)
          blocks += encoded.blocks
          try append(encoded.bytes, emit)
          unsafe done += part.count
          progress(Double(done) / Double(total))
        }
      }
    }
  }

  /// How many bytes of a tensor are encoded before they are written: enough blocks for many cores, and little memory
  /// beside a tensor of 400 MB.
  private static let partLength = 32 * FormatConstants.blockLength

  private mutating func append(
    _ bytes: [UInt8], _ emit: (_ bytes: [UInt8], _ offset: Int) throws(WeightFormatError) -> Void
  ) throws(WeightFormatError) {
    try emit(bytes, directory[.data].offset + dataLength)
    dataChecksum = Checksum.of(bytes, after: dataChecksum)
    dataLength += bytes.count
  }

  private func withElements(
    of tensor: Tensor, as type: ElementType, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws(WeightFormatError) {
    do {
      let expected = tensor.dimensions.reduce(type.byteCount, *)
      try unsafe tensor.converted(to: type).contents.withBytes { bytes in
        guard bytes.count == expected else {
          throw WeightFormatError(
            .size, in: .data, "tensor \"\(tensor.name)\"", found: "\(bytes.count) bytes", expected: "\(expected)")
        }
        try unsafe body(bytes)
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
    let contents = sections + [(.tensors, try Self.section(records)), (.blocks, table.bytes)]
    var directory = directory
    for (index, content) in contents.enumerated() {
      directory.sections[index].checksum = Checksum.of(content.bytes)
    }
    let data = contents.count
    directory.sections[data].length = dataLength
    directory.sections[data].checksum = dataChecksum
    var required: RequiredFeatures = profile == .compact ? .compact : []
    if isOptimized { required.insert(.optimized) }
    let header = Header(
      required: required, fileLength: directory.sections[data].range.upperBound,
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
