/// Names of files as the system has them, in strings.
///
/// To the system a name is bytes, and they need not be UTF-8. A string holds one so that nothing is lost: where its bytes are
/// no UTF-8 each of them is the scalar U+10FF00 and its value, as PEP 383 lets such bytes through the strings of Python. A
/// name that has some of these scalars (U+10FF80 to U+10FFFF, private ones of the last plane) is taken apart into bytes too,
/// so that no two names give one string.
package enum FileName {
  /// The scalars that stand for the bytes 0x80 to 0xff.
  static let byteScalars: ClosedRange<UInt32> = 0x10ff80...0x10ffff
  /// The byte that each of these begins with in UTF-8; few texts have it.
  static let firstOfByteScalars: UInt8 = 0xf4

  package static func string(_ bytes: some Collection<UInt8>) -> String {
    if !bytes.contains(firstOfByteScalars), let text = String(validating: bytes, as: UTF8.self) { return text }
    var string = ""
    var rest = Array(bytes)[...]
    while let first = rest.first {
      let length = Self.length(ofScalarAt: rest)
      if length > 0 {
        string += String(decoding: rest.prefix(length), as: UTF8.self)
      } else {
        string.unicodeScalars.append(Unicode.Scalar(0x10ff00 + UInt32(first))!)
      }
      rest = rest.dropFirst(max(length, 1))
    }
    return string
  }

  /// Of bytes that end before a zero.
  package static func string(cString: UnsafePointer<CChar>) -> String {
    var count = 0
    while unsafe cString[count] != 0 { count += 1 }
    return unsafe string(UnsafeRawBufferPointer(start: cString, count: count))
  }

  package static func bytes(_ string: String) -> [UInt8] {
    guard string.utf8.contains(firstOfByteScalars) else { return Array(string.utf8) }
    return string.unicodeScalars.reduce(into: []) { bytes, scalar in
      if byteScalars.contains(scalar.value) {
        bytes.append(UInt8(truncatingIfNeeded: scalar.value))
      } else {
        bytes += UTF8.encode(scalar)!
      }
    }
  }

  /// The bytes of the scalar that `bytes` begin with; 0 where they begin with none, or with one that stands for a byte.
  private static func length(ofScalarAt bytes: ArraySlice<UInt8>) -> Int {
    var iterator = bytes.prefix(4).makeIterator()
    var decoder = UTF8()
    guard case .scalarValue(let scalar) = decoder.decode(&iterator), !byteScalars.contains(scalar.value) else {
      return 0
    }
    return UTF8.width(scalar)
  }
}

extension String {
  /// Calls `body` with the bytes of a file's name and the zero that ends them.
  ///
  /// A name with a zero inside, which no file has, becomes the empty one, which no file has either.
  package func withFileName<Result, Failure: Error>(
    _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let bytes = FileName.bytes(self)
    let name = (bytes.contains(0) ? [] : bytes) + [0]
    return try unsafe name.withUnsafeBufferPointer { buffer throws(Failure) in
      try unsafe buffer.baseAddress!.withMemoryRebound(to: CChar.self, capacity: buffer.count) {
        pointer throws(Failure) in try unsafe body(pointer)
      }
    }
  }
}
