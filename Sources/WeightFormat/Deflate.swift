import CZlib

/// Raw deflate (RFC 1951) of one byte plane, through zlib.
enum Deflate {
  /// The shorter of two encodings without string matching, the first where they are equal: Huffman codes only, and
  /// Huffman codes with runs.
  ///
  /// Weights hold no repeated strings but by chance. On the exponent plane of Xception's weights Huffman codes alone
  /// give 34.7 % of its size, zlib's default strategy 40.8 % (level 6) to 39.8 % (level 9), and inflate as fast.
  static func compressed(_ plane: UnsafeRawBufferPointer) -> [UInt8] {
    let coded = compressed(plane, strategy: Z_HUFFMAN_ONLY)
    let runs = compressed(plane, strategy: Z_RLE)
    return runs.count < coded.count ? runs : coded
  }

  static func compressed(_ plane: UnsafeRawBufferPointer, strategy: Int32) -> [UInt8] {
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    // Nine is the memory level with the longest deflate blocks, so the fewest code tables.
    let status = deflateInit2_(&stream, 6, Z_DEFLATED, -MAX_WBITS, 9, strategy, ZLIB_VERSION, size)
    precondition(status == Z_OK, "zlib cannot start a stream: status \(status)")
    defer { deflateEnd(&stream) }
    return [UInt8](unsafeUninitializedCapacity: Int(deflateBound(&stream, uLong(plane.count)))) { buffer, count in
      stream.next_in = UnsafeMutablePointer(mutating: plane.assumingMemoryBound(to: UInt8.self).baseAddress)
      stream.avail_in = UInt32(plane.count)
      stream.next_out = buffer.baseAddress
      stream.avail_out = UInt32(buffer.count)
      let status = deflate(&stream, Z_FINISH)
      precondition(status == Z_STREAM_END, "zlib cannot deflate \(plane.count) bytes: status \(status)")
      count = Int(stream.total_out)
    }
  }
}

/// Inflates one plane after another.
struct Inflater: ~Copyable {
  private let literals = LiteralInflater()
  /// zlib keeps the address of its stream.
  private let stream: UnsafeMutablePointer<z_stream>

  /// Fails where zlib has no memory.
  init?() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard inflateInit2_(stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      stream.deallocate()
      return nil
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Inflates a stream that must end exactly at its last byte and fill the plane exactly.
  ///
  /// - Returns: What is wrong with the stream, or nil.
  borrowing func inflate(_ bytes: UnsafeRawBufferPointer, into plane: UnsafeMutableRawBufferPointer) -> String? {
    literals.inflate(bytes, into: plane) ? nil : inflateWithZlib(bytes, into: plane)
  }

  borrowing func inflateWithZlib(_ bytes: UnsafeRawBufferPointer, into plane: UnsafeMutableRawBufferPointer) -> String?
  {
    inflateReset(stream)
    stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
    stream.pointee.avail_in = UInt32(bytes.count)
    stream.pointee.next_out = plane.assumingMemoryBound(to: UInt8.self).baseAddress
    stream.pointee.avail_out = UInt32(plane.count)
    let status = CZlib.inflate(stream, Z_FINISH)
    let unread = stream.pointee.avail_in
    let unfilled = stream.pointee.avail_out
    switch status {
    case Z_STREAM_END where unread > 0: return "a stream that ends \(unread) bytes before its end"
    case Z_STREAM_END where unfilled > 0: return "\(plane.count - Int(unfilled)) bytes"
    case Z_STREAM_END: return nil
    case Z_BUF_ERROR where unfilled == 0: return "more than \(plane.count) bytes"
    case Z_BUF_ERROR: return "a stream without an end"
    default: return "an invalid stream (\(stream.pointee.msg.map { String(cString: $0) } ?? "status \(status)"))"
    }
  }
}
