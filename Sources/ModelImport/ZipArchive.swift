import CZlib
import Files

/// The entries of a zip file in memory (PKWARE's APPNOTE 6.3, as far as Keras and PyTorch use it).
///
/// Reads one disk, no encryption, entries stored or deflated. Names are looked up, never used as paths.
struct ZipArchive {
  private struct Entry {
    var method: UInt16
    var checksum: UInt32
    var compressedSize: Int
    var size: Int
    var headerOffset: Int
  }

  private let bytes: FileBytes
  private var entries: [String: Entry] = [:]
  /// Where the central directory begins: entries end before it.
  private let directoryStart: Int

  init(_ bytes: [UInt8]) throws(ImportError) { try self.init(FileBytes(bytes)) }

  init(_ bytes: FileBytes) throws(ImportError) {
    self.bytes = bytes
    guard let end = Self.endRecord(in: bytes) else {
      throw .archive(entry: nil, reason: "no end-of-directory record: not a zip file, or cut short")
    }
    let directory = try ZipDirectory(bytes, endRecord: end)
    directoryStart = directory.start
    try readDirectory(count: directory.count, end: directory.end)
  }

  /// The names of all entries.
  var names: Set<String> { Set(entries.keys) }

  /// The contents of an entry, checked against its checksum, or nil where there is none of the name.
  ///
  /// A stored entry is not copied; a deflated one is inflated into memory.
  func contents(of name: String, limit: Int) throws(ImportError) -> FileBytes? {
    guard let entry = entries[name] else { return nil }
    guard entry.size <= limit else {
      throw .archive(entry: name, reason: "has \(entry.size) bytes, more than the limit of \(limit)")
    }
    // Deflate shrinks by 1,032 times at most, so a larger claim is refused before memory is allocated.
    guard entry.size / 1032 <= entry.compressedSize else {
      throw .archive(entry: name, reason: "claims \(entry.size) bytes from \(entry.compressedSize)")
    }
    let data = try range(of: entry, name: name)
    let contents: FileBytes
    switch entry.method {
    case 0:
      guard entry.size == entry.compressedSize else {
        throw .archive(entry: name, reason: "stored as \(entry.compressedSize) bytes, expected \(entry.size)")
      }
      contents = data
    case 8: contents = FileBytes(try inflated(data, size: entry.size, name: name))
    default: throw .archive(entry: name, reason: "compression method \(entry.method), expected 0 or 8 (deflate)")
    }
    let checksum = unsafe contents.withUnsafeBytes {
      unsafe crc32_z(0, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
    }
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
      guard
        let name = bytes.slice(at: offset + 46, count: lengths[0])
          .flatMap({ String(validating: $0.array, as: UTF8.self) })
      else {
        throw .archive(entry: nil, reason: "the name in directory record \(index) is not UTF-8")
      }
      guard Self.u16(bytes, offset + 8) & 1 == 0 else { throw .archive(entry: name, reason: "encrypted") }
      let wide = ZipDirectory.wideNumbers(
        bytes, record: offset, extra: offset + 46 + lengths[0]..<offset + 46 + lengths[0] + lengths[1])
      guard let wide else { throw .archive(entry: name, reason: "its sizes of more than 32 bits are missing") }
      let entry = Entry(
        method: Self.u16(bytes, offset + 10), checksum: Self.u32(bytes, offset + 16),
        compressedSize: wide.compressedSize, size: wide.size, headerOffset: wide.headerOffset)
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
  private func range(of entry: Entry, name: String) throws(ImportError) -> FileBytes {
    let header = entry.headerOffset
    guard header <= directoryStart - 30, Self.u32(bytes, header) == 0x0403_4b50,
      Self.u16(bytes, header + 8) == entry.method
    else { throw .archive(entry: name, reason: "its header at \(header) is missing or differs from the directory") }
    let start = header + 30 + Int(Self.u16(bytes, header + 26)) + Int(Self.u16(bytes, header + 28))
    guard start <= directoryStart, entry.compressedSize <= directoryStart - start,
      let data = bytes.slice(at: start, count: entry.compressedSize)
    else {
      throw .archive(entry: name, reason: "its \(entry.compressedSize) bytes at \(start) reach past the directory")
    }
    return data
  }

  private func inflated(_ data: FileBytes, size: Int, name: String) throws(ImportError) -> [UInt8] {
    guard data.count <= UInt32.max, size <= UInt32.max else { throw .archive(entry: name, reason: "above 4 GiB") }
    // One byte more than expected, so that a stream that is too long is seen.
    var output = [UInt8](repeating: 0, count: size + 1)
    let (status, produced, unread) = unsafe data.withUnsafeBytes { input in
      unsafe output.withUnsafeMutableBufferPointer { output -> (Int32, Int, UInt32) in
        var stream = unsafe z_stream()
        // zlib only reads it; its interface lacks the const.
        unsafe stream.next_in = UnsafeMutablePointer(
          mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        unsafe stream.avail_in = UInt32(input.count)
        unsafe stream.next_out = output.baseAddress
        unsafe stream.avail_out = UInt32(clamping: output.count)
        let streamSize = Int32(unsafe MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(&stream, -15, ZLIB_VERSION, streamSize) == Z_OK else { return (Z_MEM_ERROR, 0, 0) }
        let status = unsafe inflate(&stream, Z_FINISH)
        unsafe inflateEnd(&stream)
        return unsafe (status, output.count - Int(stream.avail_out), stream.avail_in)
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
  private static func endRecord(in bytes: FileBytes) -> Int? {
    guard bytes.count >= 22 else { return nil }
    let last = bytes.count - 22
    return stride(from: last, through: max(last - 0xffff, 0), by: -1).first {
      u32(bytes, $0) == 0x0605_4b50 && Int(u16(bytes, $0 + 20)) == last - $0
    }
  }

  /// A little-endian number; the caller has checked the offset.
  private static func u16(_ bytes: FileBytes, _ offset: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: bytes.number(at: offset, width: 2) ?? 0)
  }

  private static func u32(_ bytes: FileBytes, _ offset: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: bytes.number(at: offset, width: 4) ?? 0)
  }
}
