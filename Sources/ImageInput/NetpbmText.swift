extension UInt8 {
  /// What Netpbm calls white space: space, tab, line feed, vertical tab, form feed, carriage return.
  var isNetpbmSpace: Bool { self == 0x20 || (0x09...0x0d).contains(self) }

  var decimalDigit: Int? { (0x30...0x39).contains(self) ? Int(self) - 0x30 : nil }
}

/// The text of a Netpbm file, read from its start.
struct NetpbmText {
  let bytes: [UInt8]
  let format: ImageFormat
  private(set) var offset: Int

  /// Skips white space and comments, which run from `#` to the end of the line.
  private mutating func skipSpace() {
    var inComment = false
    while offset < bytes.count {
      let byte = bytes[offset]
      if inComment {
        inComment = byte != 0x0a && byte != 0x0d
      } else if byte == UInt8(ascii: "#") {
        inComment = true
      } else if !byte.isNetpbmSpace {
        return
      }
      offset += 1
    }
  }

  /// The next decimal number, from 0 to a maximum.
  mutating func number(_ name: String, maximum: Int) throws(ImageError) -> Int {
    skipSpace()
    let start = offset
    var number = 0
    while offset < bytes.count, let digit = bytes[offset].decimalDigit {
      let (tens, tensOverflow) = number.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = tens.addingReportingOverflow(digit)
      guard !tensOverflow, !overflow, sum <= maximum else {
        throw .malformed(format, offset: start, found: "a \(name) above \(maximum)", expected: "at most \(maximum)")
      }
      number = sum
      offset += 1
    }
    guard offset > start else {
      guard offset < bytes.count else { throw .truncated(format, offset: offset, expected: "the \(name)") }
      throw .malformed(
        format, offset: offset, found: "byte \(bytes[offset])", expected: "a decimal digit of the \(name)")
    }
    return number
  }

  /// The next digit of a plain PBM file, which needs no space before the next one.
  mutating func bit() throws(ImageError) -> Bool {
    skipSpace()
    guard offset < bytes.count else { throw .truncated(format, offset: offset, expected: "a sample") }
    guard let digit = bytes[offset].decimalDigit, digit <= 1 else {
      throw .malformed(format, offset: offset, found: "byte \(bytes[offset])", expected: "0 or 1")
    }
    offset += 1
    return digit == 1
  }

  /// Skips the one byte of white space that must follow.
  mutating func oneSpace(after name: String) throws(ImageError) {
    guard offset < bytes.count else {
      throw .truncated(format, offset: offset, expected: "white space after the \(name)")
    }
    guard bytes[offset].isNetpbmSpace else {
      throw .malformed(
        format, offset: offset, found: "byte \(bytes[offset])", expected: "white space after the \(name)")
    }
    offset += 1
  }

  /// The next line without its line feed.
  mutating func line(_ name: String) throws(ImageError) -> ArraySlice<UInt8> {
    guard let end = bytes[offset...].firstIndex(of: 0x0a) else {
      throw .truncated(format, offset: bytes.count, expected: name)
    }
    defer { offset = end + 1 }
    return bytes[offset..<end]
  }
}
