/// Makes an HDF5 file in memory: groups, datasets of floats and attributes of strings, in the format's earliest structures
/// (HDF5 File Format Specification 3.0: superblock 0, object headers 1, links in the headers).
final class HDF5Writer {
  private final class Group {
    var names: [String] = []
    var children: [String: Group] = [:]
    var dataset: (dimensions: [Int], values: [Float])?
    var attributes: [(name: String, strings: [String])] = []
  }

  private let root = Group()
  private var bytes: [UInt8] = []

  static func bytes(_ body: (HDF5Writer) throws -> Void) rethrows -> [UInt8] {
    let writer = HDF5Writer()
    try body(writer)
    return writer.file()
  }

  /// Makes a group and those around it.
  func group(_ path: String) { _ = find(path) }

  func dataset(_ path: String, _ dimensions: [Int], _ values: [Float]) {
    precondition(values.count == dimensions.reduce(1, *))
    find(path).dataset = (dimensions, values)
  }

  /// Sets an attribute of a group to strings of a fixed length, as h5py does.
  func attribute(_ name: String, of path: String, _ strings: [String]) { find(path).attributes.append((name, strings)) }

  private func find(_ path: String) -> Group {
    path.split(separator: "/").map(String.init).reduce(root) { group, name in
      if let child = group.children[name] { return child }
      let child = Group()
      group.names.append(name)
      group.children[name] = child
      return child
    }
  }

  private func file() -> [UInt8] {
    bytes = Array(repeating: 0, count: 96)
    let header = write(root)
    var superblock: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0, 0, 8, 8, 0]
    superblock += number(4, 2) + number(16, 2) + number(0, 4) + number(0, 8) + undefined
    superblock += number(bytes.count, 8) + undefined + number(0, 8) + number(header, 8)
    bytes.replaceSubrange(0..<superblock.count, with: superblock)
    return bytes
  }

  private let undefined = [UInt8](repeating: 0xff, count: 8)

  /// Writes an object and all in it; the address of its header.
  private func write(_ group: Group) -> Int {
    var messages: [(type: Int, contents: [UInt8])] = []
    if let (dimensions, values) = group.dataset {
      let address = bytes.count
      for value in values { bytes += number(Int(value.bitPattern), 4) }
      messages += [
        (1, dataspace(dimensions)), (3, float), (5, [2, 2, 2, 0]),
        (8, [3, 1] + number(address, 8) + number(values.count * 4, 8)),
      ]
    } else {
      messages.append((2, [0, 0] + undefined + undefined))
      for name in group.names {
        let address = write(group.children[name]!)
        messages.append((6, [1, 1] + number(name.utf8.count, 2) + Array(name.utf8) + number(address, 8)))
      }
    }
    messages += group.attributes.map { (12, attribute($0.name, $0.strings)) }
    let body = messages.flatMap { type, contents in
      number(type, 2) + number(padded(contents).count, 2) + number(0, 4) + padded(contents)
    }
    bytes += Array(repeating: 0, count: (8 - bytes.count % 8) % 8)
    let address = bytes.count
    bytes += [1, 0] + number(messages.count, 2) + number(1, 4) + number(body.count, 4) + number(0, 4) + body
    return address
  }

  private func dataspace(_ dimensions: [Int]) -> [UInt8] {
    [1, UInt8(dimensions.count)] + number(0, 6) + dimensions.flatMap { number($0, 8) }
  }

  private var float: [UInt8] {
    [0x11, 0x20, 0x1f, 0] + number(4, 4) + number(0, 2) + number(32, 2) + [23, 8, 0, 23] + number(127, 4)
  }

  private func attribute(_ name: String, _ strings: [String]) -> [UInt8] {
    let length = max(1, strings.map(\.utf8.count).max() ?? 1)
    let type = [0x13, 1, 0, 0] + number(length, 4)
    let space = dataspace([strings.count])
    let header = [1, 0] + number(name.utf8.count + 1, 2) + number(type.count, 2) + number(space.count, 2)
    let data = strings.flatMap { Array($0.utf8) + Array(repeating: 0, count: length - $0.utf8.count) }
    return header + padded(Array(name.utf8) + [0]) + padded(type) + padded(space) + data
  }

  private func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + Array(repeating: 0, count: (8 - bytes.count % 8) % 8)
  }

  private func number(_ value: Int, _ byteCount: Int) -> [UInt8] {
    (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
