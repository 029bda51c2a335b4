/// What the elements of a dataset or an attribute are.
struct Datatype {
  enum Kind {
    case number(HDF5Type)
    case opaque
    case fixedString(isSpacePadded: Bool)
    /// Each element says where in the global heap the string is.
    case variableString
    /// By its HDF5 name.
    case unsupported(String)
  }

  var kind: Kind
  /// Bytes of an element.
  var size: Int

  /// The class and the bits that come with it.
  private struct Header {
    var version: Int
    var kind: Int
    var bits: Int
    var size: Int

    init(_ fields: inout Fields) throws(HDF5Error) {
      let first = try fields.byte()
      version = first >> 4
      kind = first & 15
      bits = try fields.count(width: 3)
      size = try fields.word()
      guard (1...5).contains(version) else { throw fields.error("version \(version), expected 1 to 5") }
      guard size > 0 else { throw fields.error("elements of no bytes") }
    }
  }

  init(_ message: Fields) throws(HDF5Error) {
    var fields = message.named("Datatype message")
    let header = try Header(&fields)
    size = header.size
    switch header.kind {
    case 0: kind = try Self.integer(header, &fields)
    case 1: kind = try Self.float(header, &fields)
    case 3: kind = .fixedString(isSpacePadded: header.bits & 15 == 2)
    case 5: kind = .opaque
    case 8: kind = try Self.enumeration(header, &fields)
    case 9 where header.bits & 15 == 1: kind = .variableString
    default:
      let names = [
        2: "H5T_TIME", 4: "H5T_BITFIELD", 6: "H5T_COMPOUND", 7: "H5T_REFERENCE", 9: "H5T_VLEN", 10: "H5T_ARRAY",
        11: "H5T_COMPLEX",
      ]
      kind = .unsupported(names[header.kind] ?? "datatype class \(header.kind)")
    }
  }

  private static func integer(_ header: Header, _ fields: inout Fields) throws(HDF5Error) -> Kind {
    let offset = try fields.short()
    let precision = try fields.short()
    let formats: [Int: (signed: HDF5Type.Format, unsigned: HDF5Type.Format)] = [
      1: (.int8, .uint8), 2: (.int16, .uint16), 4: (.int32, .uint32), 8: (.int64, .uint64),
    ]
    guard let format = formats[header.size], offset == 0, precision == header.size * 8 else {
      return .unsupported("H5T_INTEGER of \(precision) bits at bit \(offset) of \(header.size) bytes")
    }
    let isSigned = header.bits & 8 != 0
    return .number(HDF5Type(isSigned ? format.signed : format.unsigned, isBigEndian: header.bits & 1 != 0))
  }

  /// IEEE's formats and bfloat16, each with its sign in the highest bit and an implied first digit.
  private static func float(_ header: Header, _ fields: inout Fields) throws(HDF5Error) -> Kind {
    let offset = try fields.short()
    let precision = try fields.short()
    let layout = [try fields.byte(), try fields.byte(), try fields.byte(), try fields.byte(), try fields.word()]
    let formats: [[Int]: HDF5Type.Format] = [
      [10, 5, 0, 10, 15]: .float16, [7, 8, 0, 7, 127]: .bfloat16, [23, 8, 0, 23, 127]: .float32,
      [52, 11, 0, 52, 1023]: .float64,
    ]
    let sign = header.bits >> 8 & 0xff
    guard let format = formats[layout], HDF5Type(format).size == header.size, offset == 0,
      precision == header.size * 8, sign == precision - 1, header.bits & 0x70 == 0x20
    else { return .unsupported("H5T_FLOAT of \(header.size) bytes, in none of IEEE's formats") }
    return .number(HDF5Type(format, isBigEndian: header.bits & 1 != 0))
  }

  /// h5py's booleans: one byte, FALSE = 0 and TRUE = 1.
  private static func enumeration(_ header: Header, _ fields: inout Fields) throws(HDF5Error) -> Kind {
    let unsupported = Kind.unsupported("H5T_ENUM, other than h5py's FALSE and TRUE")
    guard header.bits & 0xffff == 2, header.size == 1 else { return unsupported }
    let base = try Header(&fields)
    guard base.kind == 0, base.size == 1 else { return unsupported }
    try fields.skip(4)
    var names: [String?] = []
    for _ in 0..<2 {
      let start = fields.position
      while try fields.byte() != 0 {}
      names.append(fields.bytes.slice(at: start, count: fields.position - start)?.text)
      if header.version < 3 { try fields.align(from: start) }
    }
    let values = [try fields.byte(), try fields.byte()]
    guard names == ["FALSE", "TRUE"], values == [0, 1] else { return unsupported }
    return .number(HDF5Type(.bool))
  }
}

extension FileReader {
  /// The datatype in a message, or in the object that the message names (a committed datatype).
  mutating func datatype(_ message: Fields, isShared: Bool) throws(HDF5Error) -> Datatype {
    guard isShared else { return try Datatype(message) }
    var fields = message.named("Shared Message")
    let version = try fields.version(1...3)
    let kind = try fields.byte()
    guard version < 3 || kind == 2 else {
      throw fields.error("a message in the Shared Object Header Message table (kind \(kind)) is not read")
    }
    // Reserved, and an offset in a local heap.
    if version == 1 { try fields.skip(6 + fields.widths.length) }
    let address = try fields.definedAddress(of: "committed datatype")
    let header = try objectHeader(at: address, of: message.place.path)
    guard let target = header.first(.datatype), !target.isShared else {
      throw fields.error("the object at \(address) is no committed datatype")
    }
    return try Datatype(target.fields)
  }

  /// The dataspace in a message; no known program shares one.
  func dataspace(_ message: Fields, isShared: Bool) throws(HDF5Error) -> Dataspace {
    guard !isShared else { throw message.error("a Shared Message in place of a Dataspace message is not read") }
    return try Dataspace(message)
  }
}
