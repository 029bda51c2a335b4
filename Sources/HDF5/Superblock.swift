import Files

/// The file's first structure: versions 0 to 3 (HDF5 File Format Specification 3.0, section II.A).
struct Superblock {
  let file: FileContext
  let rootAddress: Int

  /// Where the signature is: at 0, or behind a user block of 512 bytes or a larger power of two.
  static func offset(in bytes: FileBytes) -> Int? {
    // 0x89, HDF, carriage return, line feed, 0x1a, line feed.
    let signature: UInt64 = 0x0a1a_0a0d_4644_4889
    var offset = 0
    while offset < bytes.count {
      if bytes.number(at: offset, width: 8) == signature { return offset }
      let (next, overflow) = offset.multipliedReportingOverflow(by: 2)
      if overflow { return nil }
      offset = max(next, 512)
    }
    return nil
  }

  init(_ bytes: FileBytes, limits: HDF5Limits) throws(HDF5Error) {
    var place = Place(path: "/", structure: "superblock")
    guard let start = Self.offset(in: bytes), let image = bytes.suffix(from: start) else {
      throw place.error("not an HDF5 file: its signature is not at 0, 512, 1024 and so on")
    }
    place.address = 0
    var fields = Fields(image, place, FieldWidths())
    try fields.skip(8)
    let version = try fields.version(0...3)
    var widths = FieldWidths()
    if version < 2 { try fields.skip(4) }
    widths.address = try fields.byte()
    widths.length = try fields.byte()
    guard [2, 4, 8].contains(widths.address), [2, 4, 8].contains(widths.length) else {
      throw fields.error("addresses of \(widths.address) and lengths of \(widths.length) bytes, expected 2, 4 or 8")
    }
    // Reserved, the ranks of B-trees and consistency flags; or flags alone.
    try fields.skip(version == 0 ? 9 : version == 1 ? 13 : 1)
    var addresses = Fields(try fields.take(fields.remaining), place, widths)
    let base = try addresses.definedAddress(of: "beginning")
    _ = try addresses.address()
    let end = try addresses.definedAddress(of: "end")
    if version < 2 {
      // The driver's block and the root's name.
      _ = try addresses.address()
      _ = try addresses.address()
    }
    rootAddress = try addresses.definedAddress(of: "root group")
    if version >= 2, limits.verifiesChecksums {
      let count = 12 + 4 * widths.address
      let computed = image.slice(at: 0, count: count).map { Lookup3.checksum($0.array) }
      guard let computed, image.number(at: count, width: 4) == UInt64(computed) else {
        throw place.error("its checksum is wrong")
      }
    }
    // The end counts from where the file's beginning was when it was written.
    let size = end.subtractingReportingOverflow(base)
    guard !size.overflow, size.partialValue <= image.count else {
      throw place.error("the file is truncated: it has \(image.count) bytes, expected \(size.partialValue)")
    }
    file = FileContext(image: image, widths: widths, limits: limits)
  }
}
