/// The fields of one message in protocol buffers' wire format, read in place.
///
/// Offsets are those of the whole file, so that errors say where and large fields can be referenced instead of copied.
@safe struct ProtobufReader {
  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    /// A string, a message, bytes or packed numbers.
    case bytes(Range<Int>)
  }

  struct Field {
    var number: Int
    var value: Value
    /// Where it begins.
    var offset: Int
    /// Where its number lies, or its length and bytes.
    var content: Range<Int>
  }

  private let bytes: UnsafeRawBufferPointer
  private(set) var offset: Int
  private let end: Int

  /// - Precondition: The range lies in the bytes.
  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
    unsafe self.bytes = bytes
    offset = range.lowerBound
    end = range.upperBound
  }

  /// The next field, or nil at the end of the message.
  mutating func next() throws(ImportError) -> Field? {
    guard offset < end else { return nil }
    let start = offset
    let key = try varint()
    guard let number = Int(exactly: key >> 3), (1..<1 << 29).contains(number) else {
      throw .protobuf(offset: start, reason: "the field number \(key >> 3), expected 1 to 536870911")
    }
    let content = offset
    let value = try value(ofType: key & 7, number: number, at: start)
    return Field(number: number, value: value, offset: start, content: content..<offset)
  }

  private mutating func value(ofType type: UInt64, number: Int, at start: Int) throws(ImportError) -> Value {
    switch type {
    case 0: return .varint(try varint())
    case 1: return .fixed64(try fixed(8))
    case 2:
      let length = try varint()
      guard let count = Int(exactly: length), count <= end - offset else {
        throw .protobuf(
          offset: start, reason: "field \(number) claims \(length) bytes, of \(end - offset) that its message has left")
      }
      defer { offset += count }
      return .bytes(offset..<offset + count)
    case 5: return .fixed32(try fixed32())
    default:
      throw .protobuf(offset: start, reason: "field \(number) has the wire type \(type), expected 0, 1, 2 or 5")
    }
  }

  /// A number in groups of seven bits, the lowest first: at most ten bytes.
  mutating func varint() throws(ImportError) -> UInt64 {
    let start = offset
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      guard offset < end else { throw .protobuf(offset: start, reason: "a number that its message cuts short") }
      let byte = unsafe bytes[offset]
      offset += 1
      guard shift < 63 || byte <= 1 else { break }
      value |= UInt64(byte & 0x7f) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    throw .protobuf(offset: start, reason: "a number of more than 64 bits")
  }

  mutating func fixed32() throws(ImportError) -> UInt32 { UInt32(truncatingIfNeeded: try fixed(4)) }

  mutating func fixed64() throws(ImportError) -> UInt64 { try fixed(8) }

  private mutating func fixed(_ count: Int) throws(ImportError) -> UInt64 {
    guard count <= end - offset else {
      throw .protobuf(offset: offset, reason: "a number of \(count) bytes that its message cuts short")
    }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(unsafe bytes[offset + index]) << UInt64(8 * index) }
    offset += count
    return value
  }

  /// The text of a field's bytes.
  func string(_ range: Range<Int>) throws(ImportError) -> String {
    guard let text = unsafe String(validating: bytes[range], as: UTF8.self) else {
      throw .protobuf(offset: range.lowerBound, reason: "a text that is not UTF-8")
    }
    return text
  }

  /// The fields of a message that is a field of this one.
  func message(_ range: Range<Int>) -> ProtobufReader { unsafe ProtobufReader(bytes, range) }
}

extension ProtobufReader.Field {
  private func unexpected(_ expected: String) -> ImportError {
    .protobuf(offset: offset, reason: "field \(number) is not \(expected)")
  }

  func range() throws(ImportError) -> Range<Int> {
    guard case .bytes(let range) = value else { throw unexpected("a text, a message or bytes") }
    return range
  }

  func int() throws(ImportError) -> Int {
    guard case .varint(let number) = value else { throw unexpected("a whole number") }
    return Int(truncatingIfNeeded: number)
  }

  func float() throws(ImportError) -> Float {
    guard case .fixed32(let pattern) = value else { throw unexpected("a float") }
    return Float(bitPattern: pattern)
  }
}
