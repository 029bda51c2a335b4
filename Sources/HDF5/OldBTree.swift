import Files

/// A node of a B-tree of version 1 (HDF5 File Format Specification 3.0, section III.A.1).
struct OldBTreeNode {
  var level: Int
  /// Each child with the key before it.
  var children: [(key: FileBytes, address: Int)]
  var place: Place
}

extension FileReader {
  /// - Parameters:
  ///   - type: 0 for the links of a group, 1 for the chunks of a dataset.
  ///   - level: What the parent says, which ends any circle; nil for the root.
  mutating func oldNode(
    at address: Int, type: Int, level expectedLevel: Int?, keySize: Int, of path: String
  ) throws(HDF5Error) -> OldBTreeNode {
    let structure = "B-tree node, version 1,"
    let headerSize = 8 + 2 * file.widths.address
    var header = try fields(structure, at: address, count: headerSize, of: path)
    try header.signature("TREE")
    guard try header.byte() == type else { throw header.error("is of another type than \(type)") }
    let level = try header.byte()
    guard expectedLevel.map({ $0 == level }) ?? (level <= 32) else {
      throw header.error("is at level \(level), expected \(expectedLevel.map(String.init) ?? "at most 32")")
    }
    let count = try header.short()
    let entrySize = keySize + file.widths.address
    var entries = try fields(structure, at: address, count: headerSize + count * entrySize, of: path)
    try entries.skip(headerSize)
    var node = OldBTreeNode(level: level, children: [], place: entries.place)
    for _ in 0..<count {
      let key = try entries.take(keySize)
      node.children.append((key, try entries.definedAddress(of: "child")))
    }
    return node
  }
}
