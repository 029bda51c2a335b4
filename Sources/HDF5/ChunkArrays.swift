/// Which pages were written: a bit for each, the highest of a byte first.
private struct PageBitmap {
  var bytes: [UInt8]
  /// The number of the first page's bit.
  var start = 0

  func contains(_ page: Int) -> Bool { bytes[(start + page) / 8] & (0x80 >> UInt8((start + page) % 8)) != 0 }
}

/// The entries of an array of chunks, which come in blocks and, in large blocks, in pages.
private struct ChunkEntries {
  let grid: ChunkGrid
  let hasFilters: Bool
  let entrySize: Int
  let slowest: Int
  var chunks: [Chunk] = []
  /// The number of the next entry.
  var number = 0
}

extension ChunkEntries {
  /// Reads entries in their order.
  mutating func read(_ count: Int, from fields: inout Fields, _ reader: FileReader) throws(HDF5Error) {
    for _ in 0..<count {
      var entry = Fields(try fields.take(entrySize), fields.place, fields.widths)
      let sizeWidth = entrySize - fields.widths.address - 4
      if var chunk = try reader.chunkEntry(&entry, hasFilters: hasFilters, sizeWidth: sizeWidth, grid) {
        guard let offsets = grid.offsets(of: number, slowest: slowest) else {
          throw fields.error("a chunk beyond any dataset")
        }
        chunk.offsets = offsets
        chunks.append(chunk)
      }
      try skip(1, fields.place)
    }
  }

  mutating func skip(_ count: Int, _ place: Place) throws(HDF5Error) {
    let (next, overflow) = number.addingReportingOverflow(count)
    guard !overflow else { throw place.error("more chunks than there can be") }
    number = next
  }
}

extension FileReader {
  private func entries(
    client: Int, entrySize: Int, slowest: Int, _ grid: ChunkGrid, _ place: Place
  ) throws(HDF5Error) -> ChunkEntries {
    let minimum = file.widths.address + (grid.hasFilters ? 5 : 0)
    guard client == (grid.hasFilters ? 1 : 0), entrySize >= minimum else {
      throw place.error(
        "entries of kind \(client) and \(entrySize) bytes, for chunks \(grid.hasFilters ? "with" : "without") filters")
    }
    return ChunkEntries(grid: grid, hasFilters: grid.hasFilters, entrySize: entrySize, slowest: slowest)
  }

  /// The index of a dataset that cannot grow without limit (section VII.C).
  mutating func fixedArrayChunks(at address: Int, _ grid: ChunkGrid) throws(HDF5Error) -> [Chunk] {
    let structure = "fixed array"
    let (length, width) = (file.widths.length, file.widths.address)
    var header = try checkedFields(structure, "FAHD", at: address, count: 12 + length + width, of: grid.path)
    _ = try header.version(0...0)
    let client = try header.byte()
    let entrySize = try header.byte()
    let pageBits = try header.byte()
    let count = try header.length()
    guard let blockAddress = try header.address() else { return [] }
    guard pageBits < 32 else { throw header.error("pages of 2^\(pageBits) entries") }
    var entries = try entries(client: client, entrySize: entrySize, slowest: 0, grid, header.place)
    let entryBytes = try product(count, entrySize, header.place)
    let block = Place(path: grid.path, structure: "fixed array data block", address: blockAddress)
    let prefix = 6 + width
    let pageCapacity = 1 << pageBits
    if count <= pageCapacity {
      var fields = try checkedFields(
        block.structure, "FADB", at: blockAddress, count: prefix + entryBytes + 4, of: grid.path)
      try fields.skip(prefix - 4)
      try entries.read(count, from: &fields, self)
      return entries.chunks
    }
    let pageCount = (count - 1) / pageCapacity + 1
    let bitmapSize = (pageCount + 7) / 8
    var fields = try checkedFields(
      block.structure, "FADB", at: blockAddress, count: prefix + bitmapSize + 4, of: grid.path)
    try fields.skip(prefix - 4)
    try readPages(
      after: blockAddress, prefix + bitmapSize + 4, count: count, capacity: pageCapacity,
      bitmap: PageBitmap(bytes: try fields.take(bitmapSize).array), block, &entries)
    return entries.chunks
  }

  /// Reads pages that follow one another, each with a checksum.
  ///
  /// - Parameter bitmap: Has a bit for each of them.
  private mutating func readPages(
    after address: Int, _ offset: Int, count: Int, capacity: Int, bitmap: PageBitmap, _ place: Place,
    _ entries: inout ChunkEntries
  ) throws(HDF5Error) {
    var (start, overflow) = address.addingReportingOverflow(offset)
    var remaining = count
    var page = 0
    while remaining > 0 {
      let pageEntries = min(remaining, capacity)
      let size = try product(pageEntries, entries.entrySize, place) + 4
      guard !overflow else { throw place.error("reaches past the last address") }
      if bitmap.contains(page) {
        var fields = try verified(try fields(place.structure + " page", at: start, count: size, of: place.path))
        try entries.read(pageEntries, from: &fields, self)
      } else {
        try entries.skip(pageEntries, place)
      }
      (start, overflow) = start.addingReportingOverflow(size)
      remaining -= pageEntries
      page += 1
    }
  }
}

/// The index of a dataset that grows without limit in one dimension (section VII.D): a first few entries, then blocks
/// of growing size, which later super blocks list.
private struct ExtensibleArray {
  var address: Int
  var maximumBits: Int
  var indexEntries: Int
  var minimumBlockEntries: Int
  var minimumPointers: Int
  var pageEntries: Int
  /// How many entries there may be, by the header.
  var count: Int

  var offsetSize: Int { (maximumBits + 7) / 8 }
  var superBlockCount: Int { 1 + maximumBits - minimumBlockEntries.trailingZeroBitCount }
  /// Super blocks whose data blocks the index block lists itself.
  var directSuperBlocks: Int { 2 * minimumPointers.trailingZeroBitCount }

  func blockCount(inSuperBlock number: Int) -> Int { 1 << (number / 2) }
  func blockEntries(inSuperBlock number: Int) -> Int { minimumBlockEntries << ((number + 1) / 2) }
}

extension FileReader {
  mutating func extensibleArrayChunks(at address: Int, _ grid: ChunkGrid) throws(HDF5Error) -> [Chunk] {
    let (length, width) = (file.widths.length, file.widths.address)
    var header = try checkedFields(
      "extensible array", "EAHD", at: address, count: 16 + 6 * length + width, of: grid.path)
    _ = try header.version(0...0)
    let client = try header.byte()
    let entrySize = try header.byte()
    var array = ExtensibleArray(
      address: address, maximumBits: try header.byte(), indexEntries: try header.byte(),
      minimumBlockEntries: try header.byte(), minimumPointers: try header.byte(), pageEntries: 0, count: 0)
    let pageBits = try header.byte()
    try header.skip(4 * length)
    array.count = try header.length()
    try header.skip(length)
    guard let indexAddress = try header.address() else { return [] }
    guard array.maximumBits <= 48, pageBits <= 32, array.minimumBlockEntries.nonzeroBitCount == 1,
      array.minimumPointers.nonzeroBitCount == 1, array.superBlockCount >= array.directSuperBlocks
    else { throw header.error("its blocks are no doubling table") }
    array.pageEntries = 1 << pageBits
    let slowest = grid.space.maximum.firstIndex { $0 == nil } ?? 0
    var entries = try entries(client: client, entrySize: entrySize, slowest: slowest, grid, header.place)
    try readIndexBlock(at: indexAddress, array, &entries)
    return entries.chunks
  }

  private mutating func readIndexBlock(
    at address: Int, _ array: ExtensibleArray, _ entries: inout ChunkEntries
  ) throws(HDF5Error) {
    let superBlocks = array.superBlockCount - array.directSuperBlocks
    let pointers = 2 * (array.minimumPointers - 1) + superBlocks
    let size = 6 + file.widths.address * (1 + pointers) + array.indexEntries * entries.entrySize + 4
    var block = try checkedFields(
      "extensible array index block", "EAIB", at: address, count: size, of: entries.grid.path)
    try block.skip(2 + file.widths.address)
    try entries.read(array.indexEntries, from: &block, self)
    for number in 0..<array.superBlockCount where entries.number < array.count {
      let count = array.blockCount(inSuperBlock: number)
      if number < array.directSuperBlocks {
        for _ in 0..<count {
          try readDataBlock(at: try block.address(), array, inSuperBlock: number, bitmap: nil, block.place, &entries)
        }
      } else {
        try readSuperBlock(at: try block.address(), number, array, block.place, &entries)
      }
    }
  }

  private mutating func readSuperBlock(
    at address: Int?, _ number: Int, _ array: ExtensibleArray, _ parent: Place, _ entries: inout ChunkEntries
  ) throws(HDF5Error) {
    let count = array.blockCount(inSuperBlock: number)
    let blockEntries = array.blockEntries(inSuperBlock: number)
    guard let address else {
      let (all, overflow) = count.multipliedReportingOverflow(by: blockEntries)
      return try entries.skip(overflow ? .max : all, parent)
    }
    let place = Place(path: parent.path, structure: "extensible array secondary block", address: address)
    // A block of more than a page has a bit for each of its pages, those of all blocks without gaps between them,
    // although there is room for whole bytes for each block.
    let pageCount = blockEntries > array.pageEntries ? blockEntries / array.pageEntries : 0
    let bitmapSize = (pageCount + 7) / 8
    let width = file.widths.address
    let bitmapBytes = try product(count, bitmapSize, place)
    let size = 6 + width + array.offsetSize + bitmapBytes + (try product(count, width, place)) + 4
    var block = try checkedFields(place.structure, "EASB", at: address, count: size, of: place.path)
    try block.skip(2 + width + array.offsetSize)
    var bitmap = PageBitmap(bytes: try block.take(bitmapBytes).array)
    for index in 0..<count {
      bitmap.start = index * pageCount
      try readDataBlock(
        at: try block.address(), array, inSuperBlock: number, bitmap: bitmap, place, &entries)
    }
  }

  private mutating func readDataBlock(
    at address: Int?, _ array: ExtensibleArray, inSuperBlock number: Int, bitmap: PageBitmap?, _ parent: Place,
    _ entries: inout ChunkEntries
  ) throws(HDF5Error) {
    let count = array.blockEntries(inSuperBlock: number)
    guard let address else { return try entries.skip(count, parent) }
    let place = Place(path: parent.path, structure: "extensible array data block", address: address)
    let prefix = 6 + file.widths.address + array.offsetSize
    if count > array.pageEntries {
      var block = try checkedFields(place.structure, "EADB", at: address, count: prefix + 4, of: place.path)
      _ = try block.version(0...0)
      guard let bitmap else { throw place.error("has pages where there should be none") }
      return try readPages(
        after: address, prefix + 4, count: count, capacity: array.pageEntries, bitmap: bitmap, place, &entries)
    }
    let size = prefix + (try product(count, entries.entrySize, place)) + 4
    var block = try checkedFields(place.structure, "EADB", at: address, count: size, of: place.path)
    try block.skip(prefix - 4)
    try entries.read(count, from: &block, self)
  }
}
