import Files

/// A heap of many small objects, which holds the links of a large group and the attributes that do not fit a header
/// (HDF5 File Format Specification 3.0, section III.G).
struct FractalHeap {
  /// Where in the heap's own address space a direct block is.
  struct Block {
    var heapOffset: Int
    var bytes: FileBytes
  }

  var place: Place
  var widths: FieldWidths
  var identifierSize: Int
  var hasBlockChecksums: Bool
  var hugeIndexAddress: Int?
  var tableWidth: Int
  var startSize: Int
  var maximumDirectSize: Int
  /// Bytes of an offset and of a length in an object's identifier.
  var offsetSize: Int
  var lengthSize: Int
  /// In the order of their offsets.
  var blocks: [Block] = []
  /// The objects that have blocks of their own, by number.
  var hugeObjects: [UInt64: FileBytes] = [:]

  /// Rows that have direct blocks: two of the start size, then one for each doubling up to the largest.
  var directRows: Int { maximumDirectSize.trailingZeroBitCount - startSize.trailingZeroBitCount + 2 }

  /// The size of the blocks in a row; nil beyond the file.
  func blockSize(row: Int) -> Int? {
    let shift = max(row - 1, 0)
    guard shift < 62 - startSize.trailingZeroBitCount else { return nil }
    return startSize << shift
  }
}

extension FileReader {
  /// Reads a heap's header and finds its blocks.
  mutating func fractalHeap(at address: Int, of path: String) throws(HDF5Error) -> FractalHeap {
    let (length, offset) = (file.widths.length, file.widths.address)
    let size = 22 + 12 * length + 3 * offset + 4
    // A heap with filters has three fields more, and its checksum elsewhere: that is looked at first.
    var peek = try fields("fractal heap", at: address, count: 9, of: path)
    try peek.signature("FRHP")
    _ = try peek.version(0...0)
    _ = try peek.short()
    guard try peek.short() == 0 else { throw peek.error("filters of a fractal heap are not read") }
    var fields = try checkedFields("fractal heap", "FRHP", at: address, count: size, of: path)
    try fields.skip(1)
    let identifierSize = try fields.short()
    try fields.skip(2)
    let flags = try fields.byte()
    let maximumManagedSize = try fields.word()
    try fields.skip(length)
    let hugeIndexAddress = try fields.address()
    // Free space and statistics.
    try fields.skip(length + offset + 8 * length)
    let tableWidth = try fields.short()
    let startSize = try fields.length()
    let maximumDirectSize = try fields.length()
    let offsetBits = try fields.short()
    try fields.skip(2)
    let rootAddress = try fields.address()
    let rowCount = try fields.short()
    guard startSize.nonzeroBitCount == 1, maximumDirectSize.nonzeroBitCount == 1, startSize <= maximumDirectSize,
      maximumDirectSize <= 1 << 32, tableWidth.nonzeroBitCount == 1, (1...64).contains(offsetBits)
    else { throw fields.error("its blocks of \(startSize) to \(maximumDirectSize) bytes are no doubling table") }
    var heap = FractalHeap(
      place: fields.place, widths: file.widths, identifierSize: identifierSize, hasBlockChecksums: flags & 2 != 0,
      hugeIndexAddress: hugeIndexAddress, tableWidth: tableWidth, startSize: startSize,
      maximumDirectSize: maximumDirectSize, offsetSize: (offsetBits + 7) / 8,
      lengthSize: FieldWidths.bytes(for: min(maximumDirectSize, maximumManagedSize)))
    if let rootAddress {
      if rowCount == 0 {
        try addDirectBlock(at: rootAddress, size: startSize, heapOffset: 0, to: &heap)
      } else {
        try addIndirectBlock(at: rootAddress, rowCount: rowCount, heapOffset: 0, to: &heap)
      }
    }
    if let hugeIndexAddress { try addHugeObjects(indexedAt: hugeIndexAddress, to: &heap) }
    return heap
  }

  private mutating func addDirectBlock(
    at address: Int, size: Int, heapOffset: Int, to heap: inout FractalHeap
  ) throws(HDF5Error) {
    var block = try fields("fractal heap direct block", at: address, count: size, of: heap.place.path)
    let whole = block.bytes
    try block.signature("FHDB")
    try readBlockHeader(&block, heapOffset: heapOffset, heap)
    if heap.hasBlockChecksums, file.limits.verifiesChecksums {
      let position = block.position
      let stored = UInt32(truncatingIfNeeded: try block.number(width: 4))
      // It was computed with zeros in its own place.
      var bytes = whole.array
      bytes.replaceSubrange(position..<position + 4, with: [0, 0, 0, 0])
      guard Lookup3.checksum(bytes) == stored else { throw block.error("its checksum is wrong") }
    }
    heap.blocks.append(FractalHeap.Block(heapOffset: heapOffset, bytes: whole))
  }

  /// The version, the heap's address and the block's offset in the heap.
  private func readBlockHeader(
    _ block: inout Fields, heapOffset: Int, _ heap: FractalHeap
  ) throws(HDF5Error) {
    _ = try block.version(0...0)
    guard try block.address() == heap.place.address, try block.count(width: heap.offsetSize) == heapOffset else {
      throw block.error("belongs to another place or heap than the one at \(heap.place.address ?? 0)")
    }
  }

  /// A block of pointers to direct blocks and, in the later rows, to indirect blocks of fewer rows.
  private mutating func addIndirectBlock(
    at address: Int, rowCount: Int, heapOffset: Int, to heap: inout FractalHeap
  ) throws(HDF5Error) {
    let structure = "fractal heap indirect block"
    let place = Place(path: heap.place.path, structure: structure, address: address)
    let entries = try product(rowCount, heap.tableWidth, place)
    let entryBytes = try product(entries, file.widths.address, place)
    let size = 5 + file.widths.address + heap.offsetSize + entryBytes + 4
    var block = try checkedFields(structure, "FHIB", at: address, count: size, of: place.path)
    try readBlockHeader(&block, heapOffset: heapOffset, heap)
    let firstRowBits = heap.startSize.trailingZeroBitCount + heap.tableWidth.trailingZeroBitCount
    var childOffset = heapOffset
    for row in 0..<rowCount {
      guard let childSize = heap.blockSize(row: row) else {
        throw place.error("\(rowCount) rows, more than there can be")
      }
      for _ in 0..<heap.tableWidth {
        if let child = try block.address() {
          if row < heap.directRows {
            try addDirectBlock(at: child, size: childSize, heapOffset: childOffset, to: &heap)
          } else {
            let rows = childSize.trailingZeroBitCount - firstRowBits + 1
            guard (1..<rowCount).contains(rows) else { throw place.error("a block of \(rows) rows in row \(row)") }
            try addIndirectBlock(at: child, rowCount: rows, heapOffset: childOffset, to: &heap)
          }
        }
        let (next, overflow) = childOffset.addingReportingOverflow(childSize)
        guard !overflow else { throw place.error("\(rowCount) rows, more than there can be") }
        childOffset = next
      }
    }
  }

  private mutating func addHugeObjects(indexedAt address: Int, to heap: inout FractalHeap) throws(HDF5Error) {
    for record in try records(ofIndexAt: address, type: 1, of: heap.place.path) {
      var fields = record
      let start = try fields.definedAddress(of: "huge object")
      let count = try fields.length()
      let number = try fields.number(width: fields.widths.length)
      heap.hugeObjects[number] = try bytes(at: start, count: count, record.place)
    }
  }

  /// The object that an identifier names.
  func object(_ identifier: FileBytes, in heap: FractalHeap) throws(HDF5Error) -> FileBytes {
    var fields = Fields(identifier, heap.place, heap.widths)
    let first = try fields.byte()
    guard first >> 6 == 0 else { throw fields.error("an object identifier of version \(first >> 6), expected 0") }
    switch first >> 4 & 3 {
    case 0:
      let offset = try fields.count(width: heap.offsetSize)
      let length = try fields.count(width: heap.lengthSize)
      if let block = heap.block(of: offset),
        let object = block.bytes.slice(at: offset - block.heapOffset, count: length)
      {
        return object
      }
      throw fields.error("its object of \(length) bytes at \(offset) is in none of its blocks")
    case 1:
      guard heap.identifierSize < 1 + heap.widths.address + heap.widths.length else {
        throw fields.error("a huge object that its identifier locates is not read")
      }
      let number = try fields.number(width: min(8, heap.identifierSize - 1))
      if let object = heap.hugeObjects[number] { return object }
      throw fields.error("its huge object \(number) is missing")
    case 2:
      guard heap.identifierSize <= 18 else { throw fields.error("an extended tiny object is not read") }
      return try fields.take((first & 15) + 1)
    default: throw fields.error("an object of an unknown kind")
    }
  }
}

extension FractalHeap {
  /// The block that holds an offset, found by bisection.
  fileprivate func block(of offset: Int) -> Block? {
    var (low, high) = (0, blocks.count)
    while low < high {
      let middle = (low + high) / 2
      if blocks[middle].heapOffset <= offset { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? blocks[low - 1] : nil
  }
}
