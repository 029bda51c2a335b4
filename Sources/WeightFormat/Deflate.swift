import CZlib

/// Raw deflate (RFC 1951) of byte planes, through zlib.
enum Deflate {
  /// A plane as one stream, or from `FormatConstants.leastQuarteredPlane` bytes on as the lengths of the first three of four
  /// streams, and the streams of its quarters.
  static func compressed(_ plane: UnsafeRawBufferPointer) -> [UInt8] {
    guard plane.count >= FormatConstants.leastQuarteredPlane else { return unsafe stream(plane) }
    let quarters = quarters(of: plane.count)
    var bytes: [UInt8] = []
    var streams: [UInt8] = []
    for index in 0..<4 {
      let own = unsafe stream(UnsafeRawBufferPointer(rebasing: plane[quarters[index]]))
      if index < 3 { for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: own.count >> shift)) } }
      streams += own
    }
    return bytes + streams
  }

  /// The parts of a plane that have a stream each: a quarter, rounded up, and the last one what is left.
  static func quarters(of count: Int) -> InlineArray<4, Range<Int>> {
    let quarter = (count + 3) / 4
    return InlineArray { min($0 * quarter, count)..<min(($0 + 1) * quarter, count) }
  }

  /// One of two encodings without string matching: Huffman codes only, or with runs where that saves a 64th at least.
  ///
  /// Weights hold no repeated strings but by chance. On the exponent plane of Xception's weights Huffman codes alone
  /// give 34.7 % of its size, zlib's default strategy 40.8 % (level 6) to 39.8 % (level 9). Chance runs make a third
  /// of its int8 planes a few bytes shorter (0.01 % in all), and take twice the time to inflate.
  static func stream(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    let coded = unsafe compressed(bytes, strategy: Z_HUFFMAN_ONLY)
    let runs = unsafe compressed(bytes, strategy: Z_RLE)
    return runs.count < coded.count - coded.count / 64 ? runs : coded
  }

  static func compressed(_ plane: UnsafeRawBufferPointer, strategy: Int32) -> [UInt8] {
    var stream = unsafe z_stream()
    let size = unsafe Int32(MemoryLayout<z_stream>.size)
    // Nine is the memory level with the longest deflate blocks, so the fewest code tables.
    let status = unsafe deflateInit2_(&stream, 6, Z_DEFLATED, -MAX_WBITS, 9, strategy, ZLIB_VERSION, size)
    precondition(status == Z_OK, "zlib cannot start a stream: status \(status)")
    defer { unsafe deflateEnd(&stream) }
    return unsafe [UInt8](unsafeUninitializedCapacity: Int(deflateBound(&stream, uLong(plane.count)))) {
      buffer, count in
      unsafe stream.next_in = unsafe UnsafeMutablePointer(
        mutating: plane.assumingMemoryBound(to: UInt8.self).baseAddress)
      unsafe stream.avail_in = UInt32(plane.count)
      unsafe stream.next_out = buffer.baseAddress
      unsafe stream.avail_out = UInt32(buffer.count)
      let status = unsafe deflate(&stream, Z_FINISH)
      precondition(status == Z_STREAM_END, "zlib cannot deflate \(plane.count) bytes: status \(status)")
      count = unsafe Int(stream.total_out)
    }
  }
}

/// Inflates one plane after another.
@safe struct Inflater: ~Copyable {
  private let literals = LiteralInflater()
  /// zlib keeps the address of its stream.
  private let stream: UnsafeMutablePointer<z_stream>

  /// Fails where zlib has no memory.
  init?() {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    guard unsafe inflateInit2_(stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      unsafe stream.deallocate()
      return nil
    }
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Inflates a plane, which must end exactly at its last byte and fill its memory exactly.
  ///
  /// - Returns: What is wrong with it, or nil.
  borrowing func inflate(_ bytes: UnsafeRawBufferPointer, into plane: UnsafeMutableRawBufferPointer) -> String? {
    guard plane.count >= FormatConstants.leastQuarteredPlane else { return unsafe inflateWithZlib(bytes, into: plane) }
    var position = 12
    guard bytes.count >= position else { return "\(bytes.count) bytes, fewer than the lengths of its streams take" }
    var streams = unsafe InlineArray<4, UnsafeRawBufferPointer>(repeating: UnsafeRawBufferPointer(start: nil, count: 0))
    for index in 0..<4 {
      let left = bytes.count - position
      let length =
        unsafe index == 3
        ? left : Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
      guard length <= left else { return "stream \(index) of \(length) bytes, \(left) of which are there" }
      unsafe streams[index] = unsafe UnsafeRawBufferPointer(rebasing: bytes[position..<position + length])
      position += length
    }
    if unsafe literals.inflate(streams, into: plane) { return nil }
    let quarters = Deflate.quarters(of: plane.count)
    for index in 0..<4 {
      let quarter = unsafe UnsafeMutableRawBufferPointer(rebasing: plane[quarters[index]])
      if let fault = unsafe inflateWithZlib(streams[index], into: quarter) {
        return "stream \(index) for \(quarter.count) bytes: \(fault)"
      }
    }
    return nil
  }

  /// Inflates one stream in the same way.
  borrowing func inflateWithZlib(_ bytes: UnsafeRawBufferPointer, into plane: UnsafeMutableRawBufferPointer) -> String?
  {
    unsafe inflateReset(stream)
    unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(
      mutating: bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
    unsafe stream.pointee.avail_in = UInt32(bytes.count)
    unsafe stream.pointee.next_out = unsafe plane.assumingMemoryBound(to: UInt8.self).baseAddress
    unsafe stream.pointee.avail_out = UInt32(plane.count)
    let status = unsafe CZlib.inflate(stream, Z_FINISH)
    let unread = unsafe stream.pointee.avail_in
    let unfilled = unsafe stream.pointee.avail_out
    switch status {
    case Z_STREAM_END where unread > 0: return "a stream that ends \(unread) bytes before its end"
    case Z_STREAM_END where unfilled > 0: return "\(plane.count - Int(unfilled)) bytes"
    case Z_STREAM_END: return nil
    case Z_BUF_ERROR where unfilled == 0: return "more than \(plane.count) bytes"
    case Z_BUF_ERROR: return "a stream without an end"
    default:
      return unsafe "an invalid stream (\(stream.pointee.msg.map { unsafe String(cString: $0) } ?? "status \(status)"))"
    }
  }
}
