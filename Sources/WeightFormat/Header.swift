/// The first 64 bytes of a file.
struct Header: Hashable, Sendable {
  var required: RequiredFeatures
  /// Features that a reader may ignore; version 1 has none.
  var optional: UInt32 = 0
  var fileLength: Int
  var sectionCount: Int
  var directoryChecksum: UInt32

  /// Reads and checks the header, in the order that gives the most telling error.
  init(of source: FileSource, limits: ReadLimits) throws(WeightFormatError) {
    let present = try source.bytes(0..<min(source.count, FormatConstants.headerLength))
    guard present.starts(with: FormatConstants.signature.prefix(present.count)) else {
      throw WeightFormatError(
        .signature, at: 0, "signature", found: Self.octets(present.prefix(8)),
        expected: "an .xcw file, which begins with \(Self.octets(FormatConstants.signature))")
    }
    guard present.count == FormatConstants.headerLength else {
      throw WeightFormatError(
        .truncated, at: present.count, "header", found: "\(present.count) bytes",
        expected: "\(FormatConstants.headerLength)")
    }
    func field(_ offset: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(present[offset + $1]) << (8 * UInt32($1)) }
    }
    let order = field(8)
    guard order == FormatConstants.byteOrder else {
      let isSwapped = order == FormatConstants.byteOrder.byteSwapped
      throw WeightFormatError(
        .byteOrder, at: 8, "byte order", found: isSwapped ? "big-endian" : hex(order), expected: "little-endian")
    }
    guard field(12) == FormatConstants.version else {
      throw WeightFormatError(
        .version, at: 12, "version", found: "\(field(12))", expected: "\(FormatConstants.version)")
    }
    let checksum = Checksum.of(Array(present[..<60]))
    guard checksum == field(60) else {
      throw WeightFormatError(.checksum, at: 60, "header", found: hex(checksum), expected: hex(field(60)))
    }
    required = RequiredFeatures(rawValue: field(16))
    optional = field(20)
    let unknown = required.subtracting(.known).rawValue
    guard unknown == 0 else {
      throw WeightFormatError(.feature, at: 16, "required features", found: hex(unknown), expected: "known ones only")
    }
    let length = UInt64(field(24)) | UInt64(field(28)) << 32
    guard length <= UInt64(max(limits.fileBytes, 0)) else {
      throw WeightFormatError(
        .limit, at: 24, "length of the file", found: "\(length)", expected: "at most \(limits.fileBytes) bytes")
    }
    fileLength = Int(length)
    guard source.count == fileLength else {
      throw WeightFormatError(
        source.count < fileLength ? .truncated : .trailingBytes, at: min(source.count, fileLength),
        "length of the file", found: "\(source.count)", expected: "\(fileLength) bytes")
    }
    sectionCount = Int(field(32))
    guard sectionCount <= limits.sections else {
      throw WeightFormatError(
        .limit, at: 32, "number of sections", found: "\(sectionCount)", expected: "at most \(limits.sections)")
    }
    guard FormatConstants.headerLength + sectionCount * FormatConstants.entryLength <= fileLength else {
      throw WeightFormatError(
        .size, at: 32, "number of sections", found: "\(sectionCount)", expected: "a directory within the file")
    }
    directoryChecksum = field(36)
    guard let reserved = present[40..<60].firstIndex(where: { $0 != 0 }) else { return }
    throw WeightFormatError(.padding, at: reserved, "reserved", found: "\(present[reserved])", expected: "0")
  }

  init(required: RequiredFeatures, fileLength: Int, sectionCount: Int, directoryChecksum: UInt32) {
    self.required = required
    self.fileLength = fileLength
    self.sectionCount = sectionCount
    self.directoryChecksum = directoryChecksum
  }

  private static func octets(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  }

  var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.raw(FormatConstants.signature)
    for field in [FormatConstants.byteOrder, FormatConstants.version, required.rawValue, optional] {
      writer.unsigned32(field)
    }
    writer.unsigned64(UInt64(fileLength))
    writer.unsigned32(UInt32(sectionCount))
    writer.unsigned32(directoryChecksum)
    writer.raw([UInt8](repeating: 0, count: 20))
    writer.unsigned32(Checksum.of(writer.bytes))
    return writer.bytes
  }
}
