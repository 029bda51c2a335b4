/// Reads the fields of one section in order; every field is checked against the section's end.
struct ByteReader {
  let section: SectionKind
  /// The section's offset in the file.
  let base: Int
  let bytes: [UInt8]
  let limits: ReadLimits
  /// What the fields belong to, for errors.
  var subject = ""
  private(set) var position = 0

  init(_ section: SectionKind, at base: Int, _ bytes: [UInt8], limits: ReadLimits) {
    self.section = section
    self.base = base
    self.bytes = bytes
    self.limits = limits
  }

  /// The offset in the file of the next field.
  var offset: Int { base + position }
  var remaining: Int { bytes.count - position }

  func fault(
    _ fault: WeightFormatError.Fault, _ what: String, found: String, expected: String, back: Int = 0
  ) -> WeightFormatError {
    WeightFormatError(
      fault, in: section, at: offset - back, subject.isEmpty ? what : "\(subject), \(what)", found: found,
      expected: expected)
  }

  private func require(_ length: Int, _ what: String) throws(WeightFormatError) {
    guard length <= remaining else {
      throw fault(.size, what, found: "\(remaining) bytes left in the section", expected: "\(length)")
    }
  }

  mutating func unsigned32(_ what: String) throws(WeightFormatError) -> UInt32 {
    try require(4, what)
    let value = (0..<4).reduce(0) { $0 | UInt32(bytes[position + $1]) << (8 * UInt32($1)) }
    position += 4
    return value
  }

  mutating func unsigned64(_ what: String) throws(WeightFormatError) -> UInt64 {
    let low = try unsigned32(what)
    return UInt64(low) | UInt64(try unsigned32(what)) << 32
  }

  mutating func integer(_ what: String) throws(WeightFormatError) -> Int { Int(try unsigned32(what)) }

  mutating func flag(_ what: String) throws(WeightFormatError) -> Bool {
    let value = try unsigned32(what)
    guard value <= 1 else { throw fault(.value, what, found: "\(value)", expected: "0 or 1", back: 4) }
    return value == 1
  }

  /// What errors expect where later revisions of the format may have more numbers.
  static let knownNumber = "a number that this version knows; a newer version may know it"

  /// A number that stands for one of the choices.
  ///
  /// - Parameter expected: What errors expect; nil means the range of the numbers.
  mutating func choice<Choice>(
    _ what: String, _ choices: [Choice], expected: String? = nil
  ) throws(WeightFormatError) -> Choice {
    let value = try integer(what)
    guard choices.indices.contains(value) else {
      throw fault(.value, what, found: "\(value)", expected: expected ?? "0 to \(choices.count - 1)", back: 4)
    }
    return choices[value]
  }

  mutating func zero(_ what: String) throws(WeightFormatError) {
    let value = try unsigned32(what)
    guard value == 0 else { throw fault(.padding, what, found: "\(value)", expected: "0", back: 4) }
  }

  mutating func float(_ what: String) throws(WeightFormatError) -> Float {
    let value = Float(bitPattern: try unsigned32(what))
    guard value.isFinite else { throw fault(.number, what, found: "\(value)", expected: "a finite number", back: 4) }
    return value
  }

  mutating func limit(_ what: String) throws(WeightFormatError) -> Float {
    let value = Float(bitPattern: try unsigned32(what))
    guard !value.isNaN else { throw fault(.number, what, found: "\(value)", expected: "a number", back: 4) }
    return value
  }

  mutating func floats(_ what: String, count: Int) throws(WeightFormatError) -> [Float] {
    let (length, overflow) = count.multipliedReportingOverflow(by: 4)
    try require(overflow ? Int.max : length, what)
    var values: [Float] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try float(what)) }
    return values
  }

  /// A count of records of at least `unit` bytes each, which must fit the rest of the section.
  mutating func count(_ what: String, limit: Int, unit: Int) throws(WeightFormatError) -> Int {
    let count = try integer(what)
    guard count <= remaining / unit else {
      throw fault(
        .size, what, found: "\(count)", expected: "at most \(remaining / unit), which the section can hold", back: 4)
    }
    guard count <= limit else { throw fault(.limit, what, found: "\(count)", expected: "at most \(limit)", back: 4) }
    return count
  }

  mutating func indices(_ what: String) throws(WeightFormatError) -> [Int] {
    let count = try count("number of \(what)", limit: limits.sectionBytes, unit: 4)
    var indices: [Int] = []
    indices.reserveCapacity(count)
    for _ in 0..<count { indices.append(try integer(what)) }
    return indices
  }

  /// A length, that many bytes of UTF-8, and zeros up to a multiple of four.
  ///
  /// - Parameter allowsLines: Whether tabs and line feeds may occur; no other control character ever may.
  mutating func text(_ what: String, allowsLines: Bool = false) throws(WeightFormatError) -> String {
    let length = try count("length of \(what)", limit: limits.textBytes, unit: 1)
    let start = offset
    guard let text = String(validating: bytes[position..<position + length], as: UTF8.self) else {
      throw fault(.text, what, found: "bytes that are not UTF-8", expected: "UTF-8")
    }
    position += length
    if let control = Self.control(in: text, allowsLines: allowsLines) {
      throw WeightFormatError(
        .text, in: section, at: start, subject.isEmpty ? what : "\(subject), \(what)",
        found: "the control character \(control.value)", expected: "none")
    }
    while position % 4 != 0 {
      try require(1, what)
      guard bytes[position] == 0 else {
        throw fault(.padding, "padding of \(what)", found: "\(bytes[position])", expected: "0")
      }
      position += 1
    }
    return text
  }

  /// The first control character of a text.
  static func control(in text: String, allowsLines: Bool) -> Unicode.Scalar? {
    text.unicodeScalars.first { scalar in
      if allowsLines, scalar == "\n" || scalar == "\t" { return false }
      return scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value)
    }
  }

  mutating func raw(_ what: String, count: Int) throws(WeightFormatError) -> [UInt8] {
    try require(count, what)
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  /// Refuses bytes after the last field.
  mutating func finish() throws(WeightFormatError) {
    subject = ""
    guard remaining == 0 else {
      throw fault(.size, "the section", found: "\(remaining) bytes after its last field", expected: "none")
    }
  }
}
