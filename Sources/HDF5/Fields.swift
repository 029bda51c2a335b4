import Files

/// How many bytes the file's addresses and lengths have.
struct FieldWidths: Hashable, Sendable {
  var address = 8
  var length = 8

  /// The bytes of a number that is at most `limit`, as the format counts them.
  static func bytes(for limit: Int) -> Int { limit <= 0 ? 1 : (63 - limit.leadingZeroBitCount) / 8 + 1 }
}

/// Reads the fields of one structure in order; every field is checked against the structure's end.
struct Fields {
  let bytes: FileBytes
  let place: Place
  let widths: FieldWidths
  private(set) var position = 0

  init(_ bytes: FileBytes, _ place: Place, _ widths: FieldWidths) {
    self.bytes = bytes
    self.place = place
    self.widths = widths
  }

  var remaining: Int { bytes.count - position }

  func error(_ reason: String) -> HDF5Error { place.error(reason) }

  /// The same fields as a structure inside of this one.
  func named(_ structure: String) -> Fields {
    Fields(bytes, Place(path: place.path, structure: structure, address: place.address), widths)
  }

  mutating func number(width: Int) throws(HDF5Error) -> UInt64 {
    guard let value = bytes.number(at: position, width: width) else {
      throw error("is cut short: \(remaining) bytes are left for a field of \(width)")
    }
    position += width
    return value
  }

  mutating func count(width: Int) throws(HDF5Error) -> Int {
    let value = try number(width: width)
    guard let count = Int(exactly: value) else { throw error("a count of \(value) is beyond any file") }
    return count
  }

  mutating func byte() throws(HDF5Error) -> Int { try count(width: 1) }
  mutating func short() throws(HDF5Error) -> Int { try count(width: 2) }
  mutating func word() throws(HDF5Error) -> Int { try count(width: 4) }
  mutating func length() throws(HDF5Error) -> Int { try count(width: widths.length) }

  /// An address, counted from the superblock; nil where the file says that there is nothing (all bits set).
  mutating func address() throws(HDF5Error) -> Int? {
    let value = try number(width: widths.address)
    if value == UInt64.max >> UInt64(64 - 8 * widths.address) { return nil }
    guard let address = Int(exactly: value) else { throw error("the address \(value) is beyond any file") }
    return address
  }

  mutating func definedAddress(of what: String) throws(HDF5Error) -> Int {
    guard let address = try address() else { throw error("has no address of its \(what)") }
    return address
  }

  mutating func skip(_ count: Int) throws(HDF5Error) { _ = try take(count) }

  mutating func take(_ count: Int) throws(HDF5Error) -> FileBytes {
    guard let part = bytes.slice(at: position, count: count) else {
      throw error("is cut short: \(remaining) bytes are left for \(count)")
    }
    position += count
    return part
  }

  /// Skips to a multiple of 8, counted from `start`.
  mutating func align(from start: Int = 0) throws(HDF5Error) { try skip((8 - (position - start) % 8) % 8) }

  mutating func version(_ known: ClosedRange<Int>) throws(HDF5Error) -> Int {
    let version = try byte()
    guard known.contains(version) else {
      let expected = known.count == 1 ? "\(known.lowerBound)" : "\(known.lowerBound) to \(known.upperBound)"
      throw error("version \(version), expected \(expected)")
    }
    return version
  }

  mutating func signature(_ text: StaticString) throws(HDF5Error) {
    guard try take(text.utf8CodeUnitCount).starts(with: text) else { throw error("does not begin with \"\(text)\"") }
  }
}
