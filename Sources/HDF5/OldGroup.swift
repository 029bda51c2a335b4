extension FileReader {
  /// The links of a group of the first kind: a B-tree of symbol table nodes, with the names in a local heap.
  mutating func oldLinks(_ message: Fields) throws(HDF5Error) -> [Link] {
    var fields = message
    let path = message.place.path
    let tree = try fields.definedAddress(of: "B-tree")
    let heap = try fields.definedAddress(of: "local heap")
    let names = try localHeap(at: heap, of: path)
    var links: [Link] = []
    try addLinks(ofNodeAt: tree, level: nil, names, of: path, to: &links)
    return links
  }

  /// The data of a local heap. The list of its free parts is of use to writers only: it is never walked.
  private mutating func localHeap(at address: Int, of path: String) throws(HDF5Error) -> Fields {
    let size = 8 + 2 * file.widths.length + file.widths.address
    var header = try fields("local heap", at: address, count: size, of: path)
    try header.signature("HEAP")
    _ = try header.version(0...0)
    try header.skip(3)
    let count = try header.length()
    try header.skip(file.widths.length)
    return try fields(
      "local heap data segment", at: try header.definedAddress(of: "data"), count: count, of: path)
  }

  /// - Parameter level: What the parent says; nil for the root.
  private mutating func addLinks(
    ofNodeAt address: Int, level: Int?, _ names: Fields, of path: String, to links: inout [Link]
  ) throws(HDF5Error) {
    let node = try oldNode(at: address, type: 0, level: level, keySize: file.widths.length, of: path)
    for child in node.children {
      if node.level > 0 {
        try addLinks(ofNodeAt: child.address, level: node.level - 1, names, of: path, to: &links)
      } else {
        try addLinks(ofSymbolsAt: child.address, names, of: path, to: &links)
      }
    }
  }

  private mutating func addLinks(
    ofSymbolsAt address: Int, _ names: Fields, of path: String, to links: inout [Link]
  ) throws(HDF5Error) {
    let structure = "symbol table node"
    var header = try fields(structure, at: address, count: 8, of: path)
    try header.signature("SNOD")
    _ = try header.version(1...1)
    try header.skip(1)
    let count = try header.short()
    let entrySize = 24 + 2 * file.widths.address
    var entries = try fields(structure, at: address, count: 8 + count * entrySize, of: path)
    try entries.skip(8)
    for _ in 0..<count {
      let nameOffset = try entries.count(width: file.widths.address)
      let object = try entries.address()
      let cacheKind = try entries.word()
      try entries.skip(20)
      guard let rest = names.bytes.suffix(from: nameOffset), let name = rest.text else {
        throw names.error("a name at \(nameOffset) is not in it, or not UTF-8")
      }
      let target: Link.Target
      if cacheKind == 2 {
        target = .refused("H5L_TYPE_SOFT")
      } else {
        guard let object else { throw entries.error("\(name.debugDescription) has no address") }
        target = .object(object)
      }
      links.append(Link(name: name, target: target))
    }
  }
}
