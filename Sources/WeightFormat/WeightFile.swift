package import Files
import ModelGraph
import Threads

/// A weights file that has been opened: its structure is read and checked, its tensors are read on demand.
package struct WeightFile: Sendable {
  package enum StorageProfile: String, Hashable, Sendable, CaseIterable {
    /// Byte planes, deflated where that is smaller.
    case compact
    /// As they are in memory, so that they can be mapped and used in place.
    case stored
  }

  /// The tensors' contents throw a `WeightFormatError` where a block's bytes are not what its checksum says, do not
  /// inflate, or hold NaN or infinity.
  package let model: Model
  package let profile: StorageProfile
  package let sections: [Section]
  let header: Header
  let blockTable: BlockTable
  let source: FileSource

  /// Opens a file and checks all of its structure; the weights themselves are checked where they are used.
  ///
  /// The file may be renamed, replaced or removed while it is open. One that is changed in place gives an error where it is
  /// read; `write` never does that.
  package init(contentsOf path: String, limits: ReadLimits = .standard) throws(WeightFormatError) {
    try self.init(FileSource(path: path), limits: limits)
  }

  package init(bytes: [UInt8], limits: ReadLimits = .standard) throws(WeightFormatError) {
    try self.init(FileSource(bytes: bytes), limits: limits)
  }

  /// Reads a new file before it has its name.
  init(rereading file: borrowing AtomicFile) throws(WeightFormatError) {
    try self.init(FileSource(rereading: file), limits: .standard)
  }

  private init(_ source: FileSource, limits: ReadLimits) throws(WeightFormatError) {
    let header = try Header(of: source, limits: limits)
    let directory = try Directory(of: source, header: header)
    let isCompact = header.required.contains(.compact)
    var reader = try source.reader(of: directory[.metadata], limits: limits)
    var metadata = try Metadata(from: &reader)
    if let section = directory.sections.first(where: { $0.kind == .assumptions }) {
      reader = try source.reader(of: section, limits: limits)
      metadata.assumptions = try reader.assumptions()
    }
    reader = try source.reader(of: directory[.graph], limits: limits)
    let (nodes, nodeOffsets) = try Graph.nodes(from: &reader)
    var graph = Graph(nodes: nodes)
    reader = try source.reader(of: directory[.tensors], limits: limits)
    let records = try TensorRecord.records(from: &reader)
    reader = try source.reader(of: directory[.blocks], limits: limits)
    let data = directory[.data]
    let table = try BlockTable(from: &reader, tensors: records, data: data, isCompact: isCompact)
    let checksum = table.dataChecksum(data: data)
    guard checksum == data.checksum else {
      throw WeightFormatError(
        .checksum, in: .data, at: data.offset, "checksums of the blocks together", found: hex(checksum),
        expected: hex(data.checksum))
    }
    let decoders = DecoderPool()
    for (record, blocks) in zip(records, table.blocks) {
      let contents = BlockContents(
        source: source, decoders: decoders, isCompact: isCompact, tensor: record.name,
        elementType: record.elementType, byteCount: record.byteCount, blocks: blocks)
      graph.tensors.append(
        Tensor(
          name: record.name, dimensions: record.dimensions, elementType: record.elementType, contents: contents,
          scale: record.scale))
    }
    do throws(GraphError) {
      try graph.validate()
    } catch {
      if let tensor = error.tensor {
        throw WeightFormatError(
          .graph, in: .tensors, at: records[tensor].offset, "tensor \(tensor)", found: error.reason,
          expected: "a valid network")
      }
      let node = nodes.firstIndex { $0.name == error.node }
      throw WeightFormatError(
        .graph, in: .graph, at: node.map { nodeOffsets[$0] } ?? directory[.graph].offset,
        error.node.map { "node \"\($0)\"" } ?? "graph", found: error.reason, expected: "a valid network")
    }
    guard header.required.contains(.optimized) == graph.isOptimized else {
      throw WeightFormatError(
        .feature, at: 16, "the bit of an optimized graph", found: graph.isOptimized ? "clear" : "set",
        expected: graph.isOptimized ? "set, as there are fused steps or scales" : "clear, as there are none")
    }
    try metadata.check(against: graph, at: directory[.metadata].offset)
    metadata.output = metadata.output.made(by: graph)
    model = Model(graph: graph, metadata: metadata)
    profile = isCompact ? .compact : .stored
    sections = directory.sections
    self.header = header
    blockTable = table
    self.source = source
  }

  /// Which file this is, and all checksums of its contents; nil where its bytes are in memory.
  package var identity: (file: FileIdentity, contents: String)? {
    guard let file = source.identity else { return nil }
    let contents = sections.map { "\($0.kind) \($0.length) \(hex($0.checksum))" }.joined(separator: " ")
    return (file, contents)
  }

  /// Whether the file is as it was when it was opened.
  package var isUnchanged: Bool { source.isUnchanged }

  /// Reads everything that opening does not: the weights, the zeros between them, and the sections that were skipped.
  ///
  /// Blocks are read on all cores; of several faults the one nearest to the file's beginning is thrown.
  package func verifyContents() throws(WeightFormatError) {
    for section in sections where !SectionKind.known.contains(section.kind) { try source.check(section) }
    let data = sections.first { $0.kind == .data }!
    for gap in blockTable.gaps(data: data) { try Directory.checkZeros(of: source, gap, in: .data) }
    let contents = model.graph.tensors.map { $0.contents as! BlockContents }
    let places = contents.enumerated().flatMap { tensor, contents in
      contents.blocks.indices.map { (tensor: tensor, block: $0) }
    }
    let first = Lock<(place: Int, error: WeightFormatError)?>(nil)
    WorkerPool.shared().forEach(places.count) { place in
      guard first.withLock({ $0.map { place < $0.place } ?? true }) else { return }
      do {
        try unsafe contents[places[place].tensor].withBlock(places[place].block) { _, _ in }
      } catch let error as WeightFormatError {
        first.withLock { if $0.map({ place < $0.place }) ?? true { $0 = (place, error) } }
      } catch {
        preconditionFailure("a block throws nothing but WeightFormatError: \(error)")
      }
    }
    if let fault = first.withLock({ $0?.error }) { throw fault }
  }
}

extension Metadata.Output {
  /// What the output of a graph is, given what its file says.
  ///
  /// Some files were written before there was a code for labels: they call the results of a sigmoid, which judges each label on its
  /// own, probabilities of classes.
  fileprivate func made(by graph: Graph) -> Metadata.Output {
    self == .classProbabilities && graph.lastActivation == .sigmoid ? .labelProbabilities : self
  }
}

extension Graph {
  /// The activation whose results the output is; nil where the last node ends in none.
  fileprivate var lastActivation: Activation? {
    switch nodes[nodes.count - 1].operation {
    case .activation(let activation): activation
    case .dense(let dense): dense.activation
    case .convolution(let convolution): convolution.epilogue.activation
    case .separableConvolution(let separable): separable.epilogue.activation
    default: nil
    }
  }
}

extension FileSource {
  /// A reader of a section that is checked against its checksum.
  fileprivate func reader(of section: Section, limits: ReadLimits) throws(WeightFormatError) -> ByteReader {
    guard section.length <= limits.sectionBytes else {
      throw WeightFormatError(
        .limit, in: section.kind, at: section.offset, "length of the section", found: "\(section.length)",
        expected: "at most \(limits.sectionBytes) bytes")
    }
    return ByteReader(section.kind, at: section.offset, try check(section, keeping: true), limits: limits)
  }

  /// Compares a section's checksum, reading it a part at a time.
  @discardableResult
  fileprivate func check(_ section: Section, keeping: Bool = false) throws(WeightFormatError) -> [UInt8] {
    var kept: [UInt8] = []
    var checksum: UInt32 = 0
    var position = section.offset
    while position < section.range.upperBound {
      let part = position..<min(position + (1 << 20), section.range.upperBound)
      let bytes = try bytes(part)
      checksum = Checksum.of(bytes, after: checksum)
      if keeping { kept += bytes }
      position = part.upperBound
    }
    guard checksum == section.checksum else {
      throw WeightFormatError(
        .checksum, in: section.kind, at: section.offset, "the section", found: hex(checksum),
        expected: hex(section.checksum))
    }
    return kept
  }
}
