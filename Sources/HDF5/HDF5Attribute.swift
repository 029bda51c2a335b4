import Files

/// A named value of a group or a dataset.
package struct HDF5Attribute: Hashable, Sendable {
  package enum Contents: Hashable, Sendable {
    case strings([String])
    /// Floating-point numbers, integers (rounded above 2^53) and booleans (0 or 1).
    case numbers([Double])
    /// Values of another type, by its HDF5 name; they are not read.
    case unsupported(type: String)
  }

  /// Empty for a scalar.
  package var dimensions: [Int]
  package var contents: Contents

  /// The strings; none where there are no values of any type, as Keras writes an empty list of names as numbers.
  package var strings: [String]? {
    if dimensions.contains(0) { return [] }
    if case .strings(let strings) = contents { return strings }
    return nil
  }

  package var numbers: [Double]? {
    if dimensions.contains(0) { return [] }
    if case .numbers(let numbers) = contents { return numbers }
    return nil
  }
}

extension FileReader {
  /// An object's attributes: those in its header, or in a fractal heap where they are many or large.
  mutating func attributes(of header: ObjectHeader, path: String) throws(HDF5Error) -> [String: HDF5Attribute] {
    var attributes: [String: HDF5Attribute] = [:]
    for message in header.all(.attribute) {
      guard !message.isShared else {
        throw message.fields.error("a Shared Message in place of an attribute is not read")
      }
      try readAttribute(message.fields, path: path, into: &attributes)
    }
    if let info = header.first(.attributeInfo) {
      for message in try denseAttributes(info.fields, path: path) {
        try readAttribute(message, path: path, into: &attributes)
      }
    }
    return attributes
  }

  private mutating func denseAttributes(_ message: Fields, path: String) throws(HDF5Error) -> [Fields] {
    var info = message
    _ = try info.version(0...0)
    let flags = try info.byte()
    if flags & 1 != 0 { try info.skip(2) }
    guard let heapAddress = try info.address(), let indexAddress = try info.address() else { return [] }
    let heap = try fractalHeap(at: heapAddress, of: path)
    var messages: [Fields] = []
    for record in try records(ofIndexAt: indexAddress, type: 8, of: path) {
      var fields = record
      let identifier = try fields.take(8)
      guard try fields.byte() & 0x02 == 0 else {
        throw record.error("a Shared Message in place of an attribute is not read")
      }
      let body = try object(identifier, in: heap)
      messages.append(Fields(body, Place(path: path, structure: MessageType.attribute.name), file.widths))
    }
    return messages
  }

  private mutating func readAttribute(
    _ message: Fields, path: String, into attributes: inout [String: HDF5Attribute]
  ) throws(HDF5Error) {
    var fields = message
    let version = try fields.version(1...3)
    let flags = try fields.byte()
    let sizes = [try fields.short(), try fields.short(), try fields.short()]
    if version == 3 { try fields.skip(1) }
    var parts: [FileBytes] = []
    for size in sizes {
      let start = fields.position
      parts.append(try fields.take(size))
      if version == 1 { try fields.align(from: start) }
    }
    guard let name = parts[0].text else { throw fields.error("its name is not UTF-8") }
    let place = Place(path: path, structure: "attribute \(name.debugDescription)")
    let type = try datatype(Fields(parts[1], place, file.widths), isShared: version > 1 && flags & 1 != 0)
    let space = try dataspace(Fields(parts[2], place, file.widths), isShared: version > 1 && flags & 2 != 0)
    let values = Fields(try fields.take(fields.remaining), place, file.widths)
    let attribute = HDF5Attribute(dimensions: space.dimensions, contents: try contents(values, type, space))
    try charge(name.utf8.count, place)
    guard attributes.updateValue(attribute, forKey: name) == nil else { throw place.error("appears twice") }
  }

  private mutating func contents(
    _ values: Fields, _ type: Datatype, _ space: Dataspace
  ) throws(HDF5Error) -> HDF5Attribute.Contents {
    var fields = values
    switch type.kind {
    case .unsupported(let name): return .unsupported(type: name)
    case .opaque: return .unsupported(type: "H5T_OPAQUE")
    default: break
    }
    let byteCount = try product(space.count, type.size, values.place)
    let bytes = try fields.take(byteCount)
    switch type.kind {
    case .number(let format):
      try charge(space.count * 8, values.place)
      return .numbers(format.doubles(bytes, count: space.count))
    case .fixedString(let isSpacePadded):
      var strings: [String] = []
      for index in 0..<space.count {
        guard var text = bytes.slice(at: index * type.size, count: type.size)?.text else {
          throw values.error("not UTF-8")
        }
        while isSpacePadded, text.last == " " { text.removeLast() }
        try charge(text.utf8.count, values.place)
        strings.append(text)
      }
      return .strings(strings)
    default:
      return .strings(
        try variableStrings(Fields(bytes, values.place, values.widths), count: space.count, size: type.size))
    }
  }

  private mutating func variableStrings(
    _ references: Fields, count: Int, size: Int
  ) throws(HDF5Error) -> [String] {
    var fields = references
    guard size == 8 + file.widths.address else {
      throw fields.error("variable-length strings of \(size) bytes, expected \(8 + file.widths.address)")
    }
    var strings: [String] = []
    for _ in 0..<count {
      let length = try fields.word()
      let address = try fields.address()
      let index = try fields.word()
      guard length > 0, let address, address > 0 else {
        guard length == 0 else { throw fields.error("a string of \(length) bytes without an address") }
        try charge(0, fields.place)
        strings.append("")
        continue
      }
      try charge(length, fields.place)
      strings.append(try string(length, at: address, index, fields.place))
    }
    return strings
  }

  /// Counts what a text or some numbers take in memory, in addition to 16 bytes each.
  mutating func charge(_ byteCount: Int, _ place: Place) throws(HDF5Error) {
    guard byteCount <= remainingAttributeBytes - 16 else {
      throw place.error("names and attributes are larger than the limit of \(file.limits.attributeBytes) bytes")
    }
    remainingAttributeBytes -= byteCount + 16
  }
}
