/// Appends fields, little-endian, as `ByteReader` reads them.
package struct ByteWriter {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package mutating func unsigned32(_ value: UInt32) {
    for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  package mutating func unsigned64(_ value: UInt64) {
    unsigned32(UInt32(truncatingIfNeeded: value))
    unsigned32(UInt32(truncatingIfNeeded: value >> 32))
  }

  /// A number that must be within 32 bits.
  package mutating func integer(_ value: Int, _ what: String) throws(WeightFormatError) {
    guard let value = UInt32(exactly: value) else {
      throw WeightFormatError(.value, what, found: "\(value)", expected: "0 to \(UInt32.max)")
    }
    unsigned32(value)
  }

  package mutating func flag(_ value: Bool) { unsigned32(value ? 1 : 0) }

  package mutating func float(_ value: Float) { unsigned32(value.bitPattern) }

  package mutating func floats(_ values: [Float]) {
    for value in values { float(value) }
  }

  package mutating func indices(_ values: [Int], _ what: String) throws(WeightFormatError) {
    try integer(values.count, "number of \(what)")
    for value in values { try integer(value, what) }
  }

  package mutating func text(_ text: String, _ what: String) throws(WeightFormatError) {
    try integer(text.utf8.count, "length of \(what)")
    bytes += text.utf8
    pad(to: 4)
  }

  package mutating func raw(_ raw: some Sequence<UInt8>) { bytes += raw }

  package mutating func pad(to alignment: Int) {
    while bytes.count % alignment != 0 { bytes.append(0) }
  }
}
