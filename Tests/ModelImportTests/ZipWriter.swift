import CZlib

/// A zip file of stored entries.
func zip(_ entries: [(name: String, contents: [UInt8])]) -> [UInt8] {
  var bytes: [UInt8] = []
  var directory: [UInt8] = []
  for (name, contents) in entries {
    let offset = bytes.count
    let common =
      unsafe number(20, 2) + number(0, 2) + number(0, 2) + number(0, 4)
      + number(Int(contents.withUnsafeBufferPointer { unsafe crc32_z(0, $0.baseAddress, $0.count) }), 4)
      + number(contents.count, 4) + number(contents.count, 4) + number(name.utf8.count, 2) + number(0, 2)
    bytes += number(0x0403_4b50, 4) + common + Array(name.utf8) + contents
    directory +=
      number(0x0201_4b50, 4) + number(20, 2) + common + number(0, 2 + 2 + 2 + 4) + number(offset, 4) + Array(name.utf8)
  }
  let end =
    number(0x0605_4b50, 4) + number(0, 4) + number(entries.count, 2) + number(entries.count, 2)
    + number(directory.count, 4) + number(bytes.count, 4) + number(0, 2)
  return bytes + directory + end
}

private func number(_ value: Int, _ byteCount: Int) -> [UInt8] {
  (0..<byteCount).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * $0)) : 0 }
}
