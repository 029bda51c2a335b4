import ModelGraph

@testable import WeightFormat

/// A file in parts, each of which can be made wrong before the parts after it are computed from it, so that a sample has
/// the one fault that it is named for and right checksums everywhere else.
struct SampleFile {
  /// The bytes of a block's planes, as stored.
  typealias Planes = [[UInt8]]

  /// A part of the file whose bytes can be changed once they are made: sections before their checksums, the directory
  /// and the header before theirs, the file last.
  enum Stage: Hashable {
    case section(SectionKind)
    case directory, header, file
  }

  var metadata: Metadata
  var nodes: [Node]
  var records: [TensorRecord]
  /// For each tensor, its blocks.
  var blocks: [[Planes]]
  var features: UInt32
  /// Sections of other kinds, after META.
  var otherSections: [(kind: SectionKind, isRequired: Bool, bytes: [UInt8])] = []
  /// Changes to the records once their offsets and block numbers are computed.
  var changeRecords: (inout [TensorRecord]) -> Void = { _ in }
  var changes: [Stage: (inout [UInt8]) throws -> Void] = [:]
  var changeSections: (inout [Section]) -> Void = { _ in }
  /// Sections are placed in this order.
  var order = SectionKind.known

  init(_ model: Model, profile: WeightFile.StorageProfile = .compact) throws {
    metadata = model.metadata
    nodes = model.graph.nodes
    records = model.graph.tensors.map {
      TensorRecord(
        name: $0.name, elementType: $0.elementType, dimensions: $0.dimensions, scale: $0.scale, dataOffset: 0,
        firstBlock: 0)
    }
    blocks = try model.graph.tensors.map { tensor in
      let encoded = try unsafe tensor.contents.withBytes {
        unsafe EncodedBlocks($0, type: tensor.elementType, profile: profile)
      }
      return encoded.blocks.map { block in
        var position = block.offset
        return (0..<4).filter { block.planeLengths[$0] > 0 }.map { plane in
          defer { position += Int(block.planeLengths[plane]) }
          return Array(encoded.bytes[position..<position + Int(block.planeLengths[plane])])
        }
      }
    }
    features = (profile == .compact ? 1 : 0) | (model.graph.isOptimized ? 2 : 0)
  }

  func bytes() throws -> [UInt8] {
    var records = records
    var data: [UInt8] = []
    var table = ByteWriter()
    var blockCount = 0
    for (index, planes) in blocks.enumerated() {
      data += [UInt8](repeating: 0, count: FormatConstants.aligned(data.count) - data.count)
      records[index].dataOffset = UInt64(data.count)
      records[index].firstBlock = blockCount
      blockCount += planes.count
      for block in planes {
        var lengths = SIMD4<UInt32>.zero
        for (plane, bytes) in block.enumerated() { lengths[plane] = UInt32(bytes.count) }
        let bytes = Array(block.joined())
        table.block(Block(offset: 0, checksum: Checksum.of(bytes), planeLengths: lengths))
        data += bytes
      }
    }
    changeRecords(&records)
    var contents: [SectionKind: [UInt8]] = [.blocks: table.bytes, .data: data]
    contents[.metadata] = try encoded { try metadata.encode(to: &$0) }
    contents[.graph] = try encoded { try Graph(nodes: nodes).encodeNodes(to: &$0) }
    contents[.tensors] = try encoded { writer in
      try writer.integer(records.count, "")
      for record in records { try record.encode(to: &writer) }
    }
    for kind in SectionKind.known { try changes[.section(kind)]?(&contents[kind]!) }
    var parts = order.map { (kind: $0, isRequired: true, bytes: contents[$0]!) }
    parts.insert(contentsOf: otherSections, at: min(1, parts.count))
    return try assembled(parts)
  }

  private func assembled(_ parts: [(kind: SectionKind, isRequired: Bool, bytes: [UInt8])]) throws -> [UInt8] {
    var directory = Directory(lengths: parts.map { ($0.kind, $0.isRequired, $0.bytes.count) })
    for (index, part) in parts.enumerated() { directory.sections[index].checksum = Checksum.of(part.bytes) }
    let fileLength = directory.sections.last.map(\.range.upperBound) ?? 64
    changeSections(&directory.sections)
    var entries = directory.bytes
    try changes[.directory]?(&entries)
    let header = Header(
      required: RequiredFeatures(rawValue: features), fileLength: fileLength, sectionCount: parts.count,
      directoryChecksum: Checksum.of(entries))
    var head = header.bytes
    if let change = changes[.header] {
      try change(&head)
      head.replace(at: 60, with: Checksum.of(Array(head[..<60])))
    }
    var file = ByteWriter()
    file.raw(head)
    file.raw(entries)
    for part in parts {
      file.pad(to: FormatConstants.alignment)
      file.raw(part.bytes)
    }
    var bytes = file.bytes
    try changes[.file]?(&bytes)
    return bytes
  }

  private func encoded(_ encode: (inout ByteWriter) throws -> Void) throws -> [UInt8] {
    var writer = ByteWriter()
    try encode(&writer)
    return writer.bytes
  }
}

extension [UInt8] {
  /// Overwrites four bytes, little-endian.
  mutating func replace(at offset: Int, with value: UInt32) {
    for byte in 0..<4 { self[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(byte))) }
  }

  /// Overwrites the first occurrence of a text.
  mutating func replace(text: String, with bytes: [UInt8]) {
    let text = Array(text.utf8)
    let start = (0...count - text.count).first { self[$0..<$0 + text.count].elementsEqual(text) }!
    replaceSubrange(start..<start + bytes.count, with: bytes)
  }
}
