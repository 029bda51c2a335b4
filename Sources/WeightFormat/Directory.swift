/// One section of a file, as its directory says.
package struct Section: Hashable, Sendable {
  package var kind: SectionKind
  /// Whether a reader that does not know the kind must refuse the file.
  package var isRequired: Bool
  package var offset: Int
  package var length: Int
  package var checksum: UInt32

  package var range: Range<Int> { offset..<offset + length }
}

/// The sections of a file, in the order in which they lie.
struct Directory: Sendable {
  var sections: [Section]

  /// Reads and checks the directory: known sections once and in order, no holes, no overlaps, nothing after the last.
  init(of source: FileSource, header: Header) throws(WeightFormatError) {
    let start = FormatConstants.headerLength
    let bytes = try source.bytes(start..<start + header.sectionCount * FormatConstants.entryLength)
    let checksum = Checksum.of(bytes)
    guard checksum == header.directoryChecksum else {
      throw WeightFormatError(
        .checksum, at: start, "directory", found: hex(checksum), expected: hex(header.directoryChecksum))
    }
    sections = []
    var end = start + bytes.count
    for index in 0..<header.sectionCount {
      let offset = index * FormatConstants.entryLength
      let entry = bytes[offset..<offset + FormatConstants.entryLength]
      let section = try Section(entry: Array(entry), at: start + offset)
      try section.checkPlace(after: end, within: header.fileLength, entryOffset: start + offset)
      try Self.checkZeros(of: source, end..<section.offset)
      end = section.range.upperBound
      sections.append(section)
    }
    try checkKinds()
    guard end == header.fileLength else {
      throw WeightFormatError(
        .placement, at: end, "bytes after the last section", found: "\(header.fileLength - end)", expected: "none")
    }
  }

  /// Places sections one after the other.
  init(lengths: [(kind: SectionKind, isRequired: Bool, length: Int)]) {
    var end = FormatConstants.headerLength + lengths.count * FormatConstants.entryLength
    sections = lengths.map { kind, isRequired, length in
      let offset = FormatConstants.aligned(end)
      end = offset + length
      return Section(kind: kind, isRequired: isRequired, offset: offset, length: length, checksum: 0)
    }
  }

  var bytes: [UInt8] {
    var writer = ByteWriter()
    for section in sections {
      writer.unsigned32(section.kind.rawValue)
      writer.flag(section.isRequired)
      writer.unsigned64(UInt64(section.offset))
      writer.unsigned64(UInt64(section.length))
      writer.unsigned32(section.checksum)
      writer.unsigned32(0)
    }
    return writer.bytes
  }

  /// A known section, all of which a checked directory has.
  subscript(kind: SectionKind) -> Section { sections.first { $0.kind == kind }! }

  private func checkKinds() throws(WeightFormatError) {
    func entryOffset(_ index: Int) -> Int { FormatConstants.headerLength + index * FormatConstants.entryLength }
    var next = SectionKind.known[...]
    for (index, section) in sections.enumerated() {
      guard !sections[..<index].contains(where: { $0.kind == section.kind }) else {
        throw WeightFormatError(
          .repeatedSection, in: section.kind, at: entryOffset(index), "directory", found: "the section again",
          expected: "it once")
      }
      if let place = next.firstIndex(of: section.kind) {
        next = next[(place + 1)...]
      } else if SectionKind.known.contains(section.kind) {
        throw WeightFormatError(
          .sectionOrder, in: section.kind, at: entryOffset(index), "directory", found: "\(sections.map(\.kind))",
          expected: "the order \(SectionKind.known)")
      }
    }
    for kind in SectionKind.known where !sections.contains(where: { $0.kind == kind }) {
      throw WeightFormatError(
        .missingSection, in: kind, at: FormatConstants.headerLength, "directory", found: "\(sections.map(\.kind))",
        expected: "the section")
    }
  }

  /// Refuses anything but zeros between sections or tensors, of which there are fewer than `FormatConstants.alignment`.
  static func checkZeros(
    of source: FileSource, _ range: Range<Int>, in section: SectionKind? = nil
  ) throws(WeightFormatError) {
    guard !range.isEmpty, let index = try source.bytes(range).firstIndex(where: { $0 != 0 }) else { return }
    throw WeightFormatError(
      .padding, in: section, at: range.lowerBound + index, "padding", found: "a byte that is not zero", expected: "0")
  }
}

extension Section {
  /// Reads an entry of 32 bytes.
  fileprivate init(entry: [UInt8], at offset: Int) throws(WeightFormatError) {
    var reader = ByteReader(SectionKind(rawValue: 0), at: offset, entry, limits: .standard)
    kind = SectionKind(rawValue: try reader.unsigned32("kind"))
    let flags = try reader.unsigned32("flags")
    isRequired = flags & 1 == 1
    guard flags <= 1 else {
      throw WeightFormatError(.value, in: kind, at: offset + 4, "flags", found: hex(flags), expected: "0 or 1")
    }
    let isKnown = SectionKind.known.contains(kind)
    guard isKnown || !isRequired else {
      throw WeightFormatError(
        .unknownSection, in: kind, at: offset, "directory", found: "a required section of an unknown kind",
        expected: "one of \(SectionKind.known)")
    }
    guard !isKnown || isRequired else {
      throw WeightFormatError(.value, in: kind, at: offset + 4, "flags", found: "0", expected: "1 (required)")
    }
    let start = try reader.unsigned64("offset")
    let count = try reader.unsigned64("length")
    guard let start = Int(exactly: start), let count = Int(exactly: count) else {
      throw WeightFormatError(
        .placement, in: kind, at: offset + 8, "offset and length", found: "\(start) and \(count)",
        expected: "a place within the file")
    }
    (self.offset, length) = (start, count)
    checksum = try reader.unsigned32("checksum")
    let reserved = try reader.unsigned32("reserved")
    guard reserved == 0 else {
      throw WeightFormatError(.padding, in: kind, at: offset + 28, "reserved", found: hex(reserved), expected: "0")
    }
  }

  fileprivate func checkPlace(
    after end: Int, within fileLength: Int, entryOffset: Int
  ) throws(WeightFormatError) {
    guard offset == FormatConstants.aligned(end) else {
      let fault = offset < end ? "an overlap" : offset % FormatConstants.alignment == 0 ? "a hole" : "no multiple of 64"
      throw WeightFormatError(
        .placement, in: kind, at: entryOffset + 8, "offset", found: "\(offset) (\(fault))",
        expected: "\(FormatConstants.aligned(end))")
    }
    guard offset <= fileLength, length <= fileLength - offset else {
      throw WeightFormatError(
        .placement, in: kind, at: entryOffset + 16, "length", found: "\(length)",
        expected: "at most \(max(fileLength - offset, 0)), up to the end of the file")
    }
  }
}
