import CZlib
import Files

/// Inflates zlib streams (RFC 1950), as H5Z_FILTER_DEFLATE writes them.
enum Inflate {
  /// - Parameter byteCount: What the stream must hold; checked against what can come from `stored` before it is allocated.
  static func inflated(_ stored: FileBytes, byteCount: Int, _ place: Place) throws(HDF5Error) -> FileBytes {
    guard byteCount <= HDF5Limits.inflatedBytes(of: stored.count), stored.count <= UInt32.max, byteCount < UInt32.max
    else { throw place.error("\(byteCount) bytes cannot come from \(stored.count) deflated ones") }
    // One byte more than expected, so that a stream that is too long is seen.
    var output = [UInt8](repeating: 0, count: byteCount + 1)
    let (status, count) = unsafe stored.withUnsafeBytes { input in
      unsafe output.withUnsafeMutableBytes { output in unsafe inflate(input, into: output) }
    }
    guard status == Z_STREAM_END, count == byteCount else {
      throw place.error("H5Z_FILTER_DEFLATE: its data is damaged: \(count) bytes, expected \(byteCount)")
    }
    output.removeLast()
    return FileBytes(output)
  }

  /// Both are below 4 GiB.
  private static func inflate(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> (status: Int32, count: Int) {
    var stream = unsafe z_stream()
    // zlib only reads its input; its interface lacks the const.
    let source = unsafe input.assumingMemoryBound(to: UInt8.self)
    unsafe stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
    unsafe stream.avail_in = UInt32(input.count)
    unsafe stream.next_out = output.assumingMemoryBound(to: UInt8.self).baseAddress
    unsafe stream.avail_out = UInt32(output.count)
    let streamSize = Int32(unsafe MemoryLayout<z_stream>.size)
    guard unsafe inflateInit_(&stream, ZLIB_VERSION, streamSize) == Z_OK else { return (Z_MEM_ERROR, 0) }
    defer { unsafe _ = inflateEnd(&stream) }
    let status = unsafe CZlib.inflate(&stream, Z_FINISH)
    return (status, output.count - Int(unsafe stream.avail_out))
  }
}
