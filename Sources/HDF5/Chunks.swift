/// One chunk of a dataset.
struct Chunk {
  /// In values, from the dataset's beginning.
  var offsets: [Int]
  var address: Int
  var storedSize: Int
  /// A bit for each filter that was not applied.
  var skippedFilters: UInt32
}

/// The grid of a dataset's chunks.
struct ChunkGrid {
  var layout: ChunkedLayout
  var space: Dataspace
  var hasFilters: Bool
  var path: String

  var rank: Int { space.dimensions.count }

  /// How many chunks there are in each dimension, where it has grown to its maximum; nil for one without a limit.
  var maximumCounts: [Int?] {
    zip(space.maximum, layout.dimensions).map { maximum, side in maximum.map { ($0 - 1) / side + 1 } }
  }

  /// The offsets of the chunk of a number, in values; nil where they are beyond any dataset.
  ///
  /// - Parameter slowest: The dimension that counts slowest, before the others in their order.
  func offsets(of number: Int, slowest: Int = 0) -> [Int]? {
    let order = [slowest] + (0..<rank).filter { $0 != slowest }
    var offsets = [Int](repeating: 0, count: rank)
    var rest = number
    for dimension in order.dropFirst().reversed() {
      guard let count = maximumCounts[dimension], count > 0 else { return nil }
      offsets[dimension] = rest % count * layout.dimensions[dimension]
      rest /= count
    }
    let (offset, overflow) = rest.multipliedReportingOverflow(by: layout.dimensions[slowest])
    guard !overflow else { return nil }
    offsets[slowest] = offset
    return offsets
  }

  func isInside(_ offsets: [Int]) -> Bool { zip(offsets, space.dimensions).allSatisfy { $0 < $1 } }
}

extension FileReader {
  /// The chunks that were written.
  mutating func chunks(_ grid: ChunkGrid) throws(HDF5Error) -> [Chunk] {
    guard let address = grid.layout.address else { return [] }
    switch grid.layout.index {
    case .oldBTree:
      var chunks: [Chunk] = []
      try addChunks(ofNodeAt: address, level: nil, grid, to: &chunks)
      return chunks
    case .single(let storedSize, let skippedFilters):
      return [
        Chunk(
          offsets: Array(repeating: 0, count: grid.rank), address: address,
          storedSize: storedSize ?? grid.layout.byteCount, skippedFilters: skippedFilters)
      ]
    case .implicit: return try implicitChunks(at: address, grid)
    case .fixedArray: return try fixedArrayChunks(at: address, grid)
    case .extensibleArray: return try extensibleArrayChunks(at: address, grid)
    case .newBTree: return try newBTreeChunks(at: address, grid)
    }
  }

  private mutating func addChunks(
    ofNodeAt address: Int, level: Int?, _ grid: ChunkGrid, to chunks: inout [Chunk]
  ) throws(HDF5Error) {
    // A size, the skipped filters, and the offsets with one for the bytes of an element.
    let keySize = 8 + 8 * (grid.rank + 1)
    let node = try oldNode(at: address, type: 1, level: level, keySize: keySize, of: grid.path)
    for child in node.children {
      if node.level > 0 {
        try addChunks(ofNodeAt: child.address, level: node.level - 1, grid, to: &chunks)
        continue
      }
      var key = Fields(child.key, node.place, file.widths)
      let storedSize = try key.word()
      let skippedFilters = UInt32(truncatingIfNeeded: try key.word())
      var offsets: [Int] = []
      for _ in 0..<grid.rank { offsets.append(try key.count(width: 8)) }
      chunks.append(
        Chunk(offsets: offsets, address: child.address, storedSize: storedSize, skippedFilters: skippedFilters))
    }
  }

  /// All chunks one after the other.
  private func implicitChunks(at address: Int, _ grid: ChunkGrid) throws(HDF5Error) -> [Chunk] {
    let place = Place(path: grid.path, structure: "implicit chunk index", address: address)
    guard let count = elementCount(grid.maximumCounts.map { $0 ?? .max }) else { throw place.error("endless") }
    _ = try product(count, grid.layout.byteCount, place)
    return (0..<count).compactMap { number in
      grid.offsets(of: number).map {
        let (start, overflow) = address.addingReportingOverflow(number * grid.layout.byteCount)
        return Chunk(
          offsets: $0, address: overflow ? .max : start, storedSize: grid.layout.byteCount, skippedFilters: 0)
      }
    }
  }

  private mutating func newBTreeChunks(at address: Int, _ grid: ChunkGrid) throws(HDF5Error) -> [Chunk] {
    var chunks: [Chunk] = []
    for record in try records(ofIndexAt: address, type: grid.hasFilters ? 11 : 10, of: grid.path) {
      var fields = record
      let sizeWidth = fields.remaining - file.widths.address - 8 * grid.rank - 4
      guard let entry = try chunkEntry(&fields, hasFilters: grid.hasFilters, sizeWidth: sizeWidth, grid) else {
        continue
      }
      var chunk = entry
      for dimension in 0..<grid.rank {
        let (offset, overflow) = try fields.count(width: 8)
          .multipliedReportingOverflow(by: grid.layout.dimensions[dimension])
        guard !overflow else { throw fields.error("a chunk beyond any dataset") }
        chunk.offsets.append(offset)
      }
      chunks.append(chunk)
    }
    return chunks
  }

  /// An address and, of a chunk with filters, its size and the skipped ones; nil where none was written.
  func chunkEntry(
    _ fields: inout Fields, hasFilters: Bool, sizeWidth: Int, _ grid: ChunkGrid
  ) throws(HDF5Error) -> Chunk? {
    let address = try fields.address()
    let size = hasFilters ? try fields.count(width: sizeWidth) : grid.layout.byteCount
    let skipped = hasFilters ? UInt32(truncatingIfNeeded: try fields.word()) : 0
    return address.map { Chunk(offsets: [], address: $0, storedSize: size, skippedFilters: skipped) }
  }
}
