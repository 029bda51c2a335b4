import CZlib

/// CRC-32 as in zlib, PNG and Ethernet: the reflected polynomial 0xEDB88320.
package enum Checksum {
  package static func of(_ bytes: UnsafeRawBufferPointer, after previous: UInt32 = 0) -> UInt32 {
    guard let start = bytes.baseAddress else { return previous }
    return unsafe xcw_crc32(previous, start, bytes.count)
  }

  package static func of(_ bytes: [UInt8], after previous: UInt32 = 0) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe of($0, after: previous) }
  }

  /// The checksum of two pieces one after the other, from the checksum of each and the length of the second.
  static func combining(_ first: UInt32, _ second: UInt32, length: Int) -> UInt32 {
    xcw_crc32_combine(first, second, length)
  }

  /// Of fewer zeros than an alignment has.
  static func ofZeros(_ count: Int) -> UInt32 { of([UInt8](repeating: 0, count: count)) }
}
