/// A part of a file's bytes, which it keeps alive; offsets count from its own beginning.
package struct FileBytes: Sendable {
  private let memory: FileMemory
  /// Where it lies in `memory`; always inside.
  private let range: Range<Int>

  /// - Parameter range: Inside the memory.
  init(memory: FileMemory, range: Range<Int>) {
    self.memory = memory
    self.range = range
  }

  package init(_ bytes: [UInt8]) { self = FileMemory(bytes).bytes }

  package var count: Int { range.count }

  /// A part of it without a copy; nil where it is not inside.
  package func slice(at offset: Int, count: Int) -> FileBytes? {
    guard isInside(offset, count) else { return nil }
    let start = range.lowerBound + offset
    return FileBytes(memory: memory, range: start..<start + count)
  }

  /// What follows an offset, without a copy; nil where that is not inside.
  package func suffix(from offset: Int) -> FileBytes? {
    offset < 0 ? nil : slice(at: offset, count: count - offset)
  }

  /// The bytes in place; the pointer is valid during the call.
  package func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe memory.withUnsafeBytes { bytes throws(Failure) in
      try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
  }

  /// A copy.
  package var array: [UInt8] { unsafe withUnsafeBytes { unsafe [UInt8]($0) } }

  /// A little-endian number of 0 to 8 bytes; nil where it is not inside.
  package func number(at offset: Int, width: Int) -> UInt64? {
    guard (0...8).contains(width), isInside(offset, width) else { return nil }
    return unsafe withUnsafeBytes { bytes in
      var value: UInt64 = 0
      for index in (0..<width).reversed() { value = unsafe value << 8 | UInt64(bytes[offset + index]) }
      return value
    }
  }

  private func isInside(_ offset: Int, _ length: Int) -> Bool {
    offset >= 0 && length >= 0 && offset <= count && length <= count - offset
  }
}
