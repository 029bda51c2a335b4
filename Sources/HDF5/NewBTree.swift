/// The geometry of a B-tree of version 2, in which a node's depth gives the width of its counts
/// (HDF5 File Format Specification 3.0, section III.A.2).
private struct NewBTree {
  var path: String
  var type: Int
  var nodeSize: Int
  var recordSize: Int
  /// The width of the number of records in a child.
  var countWidth: Int
  /// By a node's depth, the width of the number of records in a child and all below it.
  var totalWidths: [Int]
}

extension FileReader {
  /// The records of an index, in its order.
  ///
  /// - Parameter type: What the specification numbers the records' type.
  mutating func records(ofIndexAt address: Int, type: Int, of path: String) throws(HDF5Error) -> [Fields] {
    let size = 16 + file.widths.address + 2 + file.widths.length + 4
    var fields = try checkedFields("B-tree, version 2,", "BTHD", at: address, count: size, of: path)
    _ = try fields.version(0...0)
    let found = try fields.byte()
    guard found == type else { throw fields.error("has records of type \(found), expected \(type)") }
    let nodeSize = try fields.word()
    let recordSize = try fields.short()
    let depth = try fields.short()
    try fields.skip(2)
    guard let root = try fields.address() else { return [] }
    let count = try fields.short()
    guard recordSize > 0, depth <= 16 else { throw fields.error("records of \(recordSize) bytes, \(depth) levels") }
    let leafLimit = (nodeSize - 10) / recordSize
    guard leafLimit > 0 else { throw fields.error("nodes of \(nodeSize) bytes for records of \(recordSize)") }
    var tree = NewBTree(
      path: path, type: type, nodeSize: nodeSize, recordSize: recordSize, countWidth: FieldWidths.bytes(for: leafLimit),
      totalWidths: [0])
    var total = leafLimit
    for level in 0..<depth {
      let pointerSize = file.widths.address + tree.countWidth + tree.totalWidths[level]
      let limit = (nodeSize - 10 - pointerSize) / (recordSize + pointerSize)
      let product = (limit + 1).multipliedReportingOverflow(by: total)
      let sum = product.partialValue.addingReportingOverflow(limit)
      guard limit > 0, !product.overflow, !sum.overflow else {
        throw fields.error("\(depth) levels, more than there can be")
      }
      total = sum.partialValue
      tree.totalWidths.append(FieldWidths.bytes(for: total))
    }
    var records: [Fields] = []
    try addRecords(ofNodeAt: root, count: count, depth: depth, tree, to: &records)
    return records
  }

  private mutating func addRecords(
    ofNodeAt address: Int, count: Int, depth: Int, _ tree: NewBTree, to records: inout [Fields]
  ) throws(HDF5Error) {
    let structure = depth == 0 ? "B-tree leaf node, version 2," : "B-tree internal node, version 2,"
    let place = Place(path: tree.path, structure: structure, address: address)
    let recordBytes = try product(count, tree.recordSize, place)
    let pointerSize = depth == 0 ? 0 : file.widths.address + tree.countWidth + tree.totalWidths[depth - 1]
    let size = 6 + recordBytes + (depth == 0 ? 0 : try product(count + 1, pointerSize, place)) + 4
    guard size <= tree.nodeSize else { throw place.error("\(count) records do not fit its \(tree.nodeSize) bytes") }
    var node = try checkedFields(structure, depth == 0 ? "BTLF" : "BTIN", at: address, count: size, of: tree.path)
    _ = try node.version(0...0)
    guard try node.byte() == tree.type else { throw node.error("belongs to a tree of another type") }
    var own = Fields(try node.take(recordBytes), place, file.widths)
    for index in 0...count {
      if depth > 0 {
        let child = try node.definedAddress(of: "child")
        let childCount = try node.count(width: tree.countWidth)
        try node.skip(tree.totalWidths[depth - 1])
        try addRecords(ofNodeAt: child, count: childCount, depth: depth - 1, tree, to: &records)
      }
      if index < count {
        records.append(
          Fields(try own.take(tree.recordSize), Place(path: tree.path, structure: "B-tree record"), file.widths))
      }
    }
  }
}
