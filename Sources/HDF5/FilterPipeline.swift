import Files

/// What was done to each chunk before it was stored, in that order.
struct FilterPipeline: Sendable {
  enum Filter: Sendable {
    case deflate
    /// - Parameter elementSize: Bytes whose first, second, ... were brought together.
    case shuffle(elementSize: Int)
    case fletcher32
  }

  var filters: [Filter] = []

  init() {}

  init(_ message: Fields) throws(HDF5Error) {
    var fields = message
    let version = try fields.version(1...2)
    let count = try fields.byte()
    guard count <= 32 else { throw fields.error("\(count) filters, expected at most 32") }
    if version == 1 { try fields.skip(6) }
    for _ in 0..<count { filters.append(try Self.filter(&fields, version: version)) }
    var deflateCount = 0
    for case .deflate in filters { deflateCount += 1 }
    guard deflateCount <= 1 else { throw fields.error("H5Z_FILTER_DEFLATE is applied \(deflateCount) times") }
  }

  private static func filter(_ fields: inout Fields, version: Int) throws(HDF5Error) -> Filter {
    let identifier = try fields.short()
    let nameSize = version == 1 || identifier >= 256 ? try fields.short() : 0
    try fields.skip(2)
    let valueCount = try fields.short()
    let start = fields.position
    let name = try fields.take(nameSize).text ?? ""
    if version == 1 { try fields.align(from: start) }
    var values: [Int] = []
    for _ in 0..<valueCount { values.append(try fields.word()) }
    if version == 1, valueCount % 2 == 1 { try fields.skip(4) }
    switch identifier {
    case 1: return .deflate
    case 2:
      guard let size = values.first, size > 0 else { throw fields.error("H5Z_FILTER_SHUFFLE of no bytes") }
      return .shuffle(elementSize: size)
    case 3: return .fletcher32
    default:
      let names = [4: "H5Z_FILTER_SZIP", 5: "H5Z_FILTER_NBIT", 6: "H5Z_FILTER_SCALEOFFSET"]
      let known = names[identifier] ?? (name.isEmpty ? "" : name.debugDescription)
      throw fields.error("filter \(identifier) \(known): only deflate, shuffle and Fletcher's checksum are read")
    }
  }

  /// A chunk's bytes before the filters.
  ///
  /// - Parameters:
  ///   - skipped: A bit for each filter that was not applied to this chunk.
  ///   - byteCount: What there must be.
  func undo(_ stored: FileBytes, skipped: UInt32, byteCount: Int, _ place: Place) throws(HDF5Error) -> FileBytes {
    let applied = filters.indices.filter { skipped >> UInt32($0) & 1 == 0 }
    var bytes = stored
    for (position, index) in applied.enumerated().reversed() {
      switch filters[index] {
      case .deflate:
        var expected = byteCount
        // Each checksum before this filter made the chunk longer.
        for case .fletcher32 in applied[..<position].map({ filters[$0] }) { expected += 4 }
        bytes = try Inflate.inflated(bytes, byteCount: expected, place)
      case .shuffle(let elementSize): bytes = FileBytes(unshuffled(bytes.array, elementSize: elementSize))
      case .fletcher32: bytes = try withoutChecksum(bytes, place)
      }
    }
    guard bytes.count == byteCount else {
      throw place.error("holds \(bytes.count) bytes, expected \(byteCount)")
    }
    return bytes
  }

  private func unshuffled(_ bytes: [UInt8], elementSize: Int) -> [UInt8] {
    let count = bytes.count / elementSize
    guard elementSize > 1, count > 1 else { return bytes }
    // Bytes after the last whole element stay where they are.
    var result = bytes
    for plane in 0..<elementSize {
      let start = plane * count
      for index in 0..<count { result[index * elementSize + plane] = bytes[start + index] }
    }
    return result
  }

  private func withoutChecksum(_ bytes: FileBytes, _ place: Place) throws(HDF5Error) -> FileBytes {
    guard let contents = bytes.slice(at: 0, count: bytes.count - 4),
      let stored = bytes.number(at: bytes.count - 4, width: 4)
    else { throw place.error("is too short for H5Z_FILTER_FLETCHER32") }
    let computed = Self.fletcher32(contents.array)
    // Version 1.6.2 and earlier swapped the bytes of each half on little-endian processors.
    let swapped = (computed & 0x00ff_00ff) << 8 | computed >> 8 & 0x00ff_00ff
    guard stored == UInt64(computed) || stored == UInt64(swapped) else {
      throw place.error("H5Z_FILTER_FLETCHER32: its checksum is \(computed), expected \(stored)")
    }
    return contents
  }

  /// Fletcher's checksum over big-endian numbers of 16 bits, the last one padded with a zero.
  private static func fletcher32(_ bytes: [UInt8]) -> UInt32 {
    var (low, high) = (UInt64(0), UInt64(0))
    var index = 0
    while index < bytes.count {
      let second = index + 1 < bytes.count ? UInt64(bytes[index + 1]) : 0
      low = (low + (UInt64(bytes[index]) << 8 | second)) % 65535
      high = (high + low) % 65535
      index += 2
    }
    // HDF5 folds carries instead of taking remainders: it has 65,535 for 0, except for no data but zeros.
    guard bytes.contains(where: { $0 != 0 }) else { return 0 }
    return UInt32(high == 0 ? 65535 : high) << 16 | UInt32(low == 0 ? 65535 : low)
  }
}
