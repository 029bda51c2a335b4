import CZlib

/// The entries of a zip file in memory (PKWARE's APPNOTE 6.3, as far as Keras uses it).
///
/// Reads one disk, no encryption, no Zip64, entries stored or deflated. Names are looked up, never used as paths.
struct ZipArchive {
  private struct Entry {
    var method: UInt16
    var checksum: UInt32
    var compressedSize: Int
    var size: Int
    var headerOffset: Int
  }

  private let bytes: [UInt8]
  private var entries: [String: Entry] = [:]
  /// Where the central directory begins: entries end before it.
  private let directoryStart: Int

  static func isZip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x50, 0x4b, 0x03, 0x04]) }

  init(_ bytes: [UInt8]) throws(ImportError) {
    self.bytes = bytes
    guard let end = Self.endRecord(in: bytes) else {
      throw .archive(entry: nil, reason: "no end-of-directory record: not a zip file, or cut short")
    }
    let diskNumbers = (Self.u16(bytes, end + 4), Self.u16(bytes, end + 6))
    let counts = (Self.u16(bytes, end + 8), Self.u16(bytes, end + 10))
    let directorySize = Int(Self.u32(bytes, end + 12))
    directoryStart = Int(Self.u32(bytes, end + 16))
    guard counts.0 != 0xffff, directoryStart != 0xffff_ffff else {
      throw .archive(entry: nil, reason: "a Zip64 archive, expected one below 4 GiB")
    }
    guard diskNumbers == (0, 0), counts.0 == counts.1 else {
      throw .archive(entry: nil, reason: "part of an archive that spans several files")
    }
    guard directoryStart <= end, directorySize == end - directoryStart else {
      throw .archive(
        entry: nil, reason: "its directory of \(directorySize) bytes at \(directoryStart) does not end at \(end)")
    }
    try readDirectory(count: Int(counts.0), end: end)
  }

  /// The contents of an entry, inflated and checked against its checksum, or nil where there is none of the name.
  func contents(of name: String, limit: Int) throws(ImportError) -> ArraySlice<UInt8>? {
    guard let entry = entries[name] else { return nil }
    guard entry.size <= limit else {
      throw .archive(entry: name, reason: "has \(entry.size) bytes, more than the limit of \(limit)")
    }
    // Deflate shrinks by 1,032 times at most, so a larger claim is refused before memory is allocated.
    guard entry.size / 1032 <= entry.compressedSize else {
      throw .archive(entry: name, reason: "claims \(entry.size) bytes from \(entry.compressedSize)")
    }
    let data = try range(of: entry, name: name)
    let contents: ArraySlice<UInt8>
    switch entry.method {
    case 0:
      guard entry.size == entry.compressedSize else {
        throw .archive(entry: name, reason: "stored as \(entry.compressedSize) bytes, expected \(entry.size)")
      }
      contents = bytes[data]
    case 8: contents = try inflated(data, size: entry.size, name: name)[...]
    default: throw .archive(entry: name, reason: "compression method \(entry.method), expected 0 or 8 (deflate)")
    }
    let checksum = contents.withUnsafeBufferPointer { crc32_z(0, $0.baseAddress, $0.count) }
    guard checksum == UInt(entry.checksum) else {
      throw .archive(entry: name, reason: "its checksum is \(checksum), expected \(entry.checksum)")
    }
    return contents
  }

  private mutating func readDirectory(count: Int, end: Int) throws(ImportError) {
    var offset = directoryStart
    for index in 0..<count {
      guard end - offset >= 46, Self.u32(bytes, offset) == 0x0201_4b50 else {
        throw .archive(entry: nil, reason: "directory record \(index) of \(count) is missing")
      }
      let lengths = [28, 30, 32].map { Int(Self.u16(bytes, offset + $0)) }
      let next = offset + 46 + lengths.reduce(0, +)
      guard next <= end else {
        throw .archive(entry: nil, reason: "directory record \(index) of \(count) is cut short")
      }
      guard let name = String(validating: bytes[offset + 46..<offset + 46 + lengths[0]], as: UTF8.self) else {
        throw .archive(entry: nil, reason: "the name in directory record \(index) is not UTF-8")
      }
      guard Self.u16(bytes, offset + 8) & 1 == 0 else { throw .archive(entry: name, reason: "encrypted") }
      let entry = Entry(
        method: Self.u16(bytes, offset + 10), checksum: Self.u32(bytes, offset + 16),
        compressedSize: Int(Self.u32(bytes, offset + 20)), size: Int(Self.u32(bytes, offset + 24)),
        headerOffset: Int(Self.u32(bytes, offset + 42)))
      guard entries.updateValue(entry, forKey: name) == nil else {
        throw .archive(entry: name, reason: "appears twice")
      }
      offset = next
    }
    guard offset == end else {
      throw .archive(entry: nil, reason: "\(end - offset) bytes follow the \(count) directory records")
    }
  }

  /// The bytes of an entry, after its local header, whose sizes may be unset: the directory's are used.
  private func range(of entry: Entry, name: String) throws(ImportError) -> Range<Int> {
    let header = entry.headerOffset
    guard header <= directoryStart - 30, Self.u32(bytes, header) == 0x0403_4b50,
      Self.u16(bytes, header + 8) == entry.method
    else { throw .archive(entry: name, reason: "its header at \(header) is missing or differs from the directory") }
    let start = header + 30 + Int(Self.u16(bytes, header + 26)) + Int(Self.u16(bytes, header + 28))
    guard start <= directoryStart, entry.compressedSize <= directoryStart - start else {
      throw .archive(entry: name, reason: "its \(entry.compressedSize) bytes at \(start) reach past the directory")
    }
    return start..<start + entry.compressedSize
  }

  private func inflated(_ data: Range<Int>, size: Int, name: String) throws(ImportError) -> [UInt8] {
    guard data.count <= UInt32.max, size <= UInt32.max else { throw .archive(entry: name, reason: "above 4 GiB") }
    // One byte more than expected, so that a stream that is too long is seen.
    var output = [UInt8](repeating: 0, count: size + 1)
    var input = Array(bytes[data])
    let (status, produced, unread) = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output -> (Int32, Int, UInt32) in
        var stream = z_stream()
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(clamping: output.count)
        let streamSize = Int32(MemoryLayout<z_stream>.size)
        guard inflateInit2_(&stream, -15, ZLIB_VERSION, streamSize) == Z_OK else { return (Z_MEM_ERROR, 0, 0) }
        let status = inflate(&stream, Z_FINISH)
        inflateEnd(&stream)
        return (status, output.count - Int(stream.avail_out), stream.avail_in)
      }
    }
    guard status == Z_STREAM_END, produced == size, unread == 0 else {
      throw .archive(
        entry: name, reason: "its deflated data is damaged: \(produced) bytes, expected \(size), \(unread) unread")
    }
    output.removeLast()
    return output
  }

  /// The offset of the record at the end: the comment after it has the length that the record states.
  private static func endRecord(in bytes: [UInt8]) -> Int? {
    guard bytes.count >= 22 else { return nil }
    let last = bytes.count - 22
    return stride(from: last, through: max(last - 0xffff, 0), by: -1).first {
      u32(bytes, $0) == 0x0605_4b50 && Int(u16(bytes, $0 + 20)) == last - $0
    }
  }

  /// A little-endian number; the caller has checked the offset.
  private static func u16(_ bytes: [UInt8], _ offset: Int) -> UInt16 {
    UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8
  }

  private static func u32(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
    UInt32(u16(bytes, offset)) | UInt32(u16(bytes, offset + 2)) << 16
  }
}
