import Files

extension HDF5Dataset {
  /// The values as they are stored, in the file's byte order, the last dimension fastest.
  ///
  /// Contiguous values are not copied; chunks are gathered into memory.
  package func bytes() throws(HDF5Error) -> FileBytes {
    let byteCount = try byteCount()
    if byteCount == 0 { return FileBytes([]) }
    switch layout {
    case .compact(let bytes):
      guard bytes.count == byteCount else { throw place.error("stores \(bytes.count) bytes, expected \(byteCount)") }
      return bytes
    case .contiguous(nil, _): return FileBytes(filled(byteCount))
    case .contiguous(let address?, let stored):
      guard stored == byteCount, let bytes = file.image.slice(at: address, count: byteCount) else {
        throw place.error("stores \(stored) bytes at \(address), expected \(byteCount) inside the file")
      }
      return bytes
    case .chunked(let layout): return try gathered(layout, byteCount: byteCount)
    }
  }

  /// The bytes that `bytes()` gives; the pointer is valid during the call.
  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    try unsafe bytes().withUnsafeBytes { try unsafe body($0) }
  }

  /// The values, rounded to 32-bit floats where they have more digits.
  package func values() throws(HDF5Error) -> [Float] {
    let bytes = try bytes()
    return type.floats(bytes, count: count)
  }

  /// Checked against what the file can hold, filled or deflated, before memory is allocated for it.
  func byteCount() throws(HDF5Error) -> Int {
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: type.size)
    guard !overflow, byteCount <= HDF5Limits.inflatedBytes(of: file.image.count) else {
      throw place.error("its dimensions \(dimensions) are more than a file of \(file.image.count) bytes can hold")
    }
    return byteCount
  }

  private var place: Place { Place(path: path, structure: "dataset") }

  private func filled(_ byteCount: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    guard !fillValue.isEmpty else { return bytes }
    for start in stride(from: 0, to: byteCount, by: fillValue.count) {
      for index in fillValue.indices { bytes[start + index] = fillValue[index] }
    }
    return bytes
  }

  private func gathered(_ layout: ChunkedLayout, byteCount: Int) throws(HDF5Error) -> FileBytes {
    var reader = FileReader(file)
    let grid = ChunkGrid(layout: layout, space: space, hasFilters: !filters.filters.isEmpty, path: path)
    let chunks = try reader.chunks(grid)
    var output = filled(byteCount)
    for chunk in chunks {
      let place = Place(path: path, structure: "chunk at \(chunk.offsets)", address: chunk.address)
      guard zip(chunk.offsets, layout.dimensions).allSatisfy({ $0 % $1 == 0 }) else {
        throw place.error("its offsets are no multiples of \(layout.dimensions)")
      }
      // A dataset that was made smaller may have kept some.
      guard grid.isInside(chunk.offsets) else { continue }
      let stored = try reader.bytes(at: chunk.address, count: chunk.storedSize, place)
      let isUnfiltered = layout.leavesEdgesUnfiltered && isAtEdge(chunk, layout)
      let skipped = isUnfiltered ? .max : chunk.skippedFilters
      let bytes = try filters.undo(stored, skipped: skipped, byteCount: layout.byteCount, place)
      copy(bytes, at: chunk.offsets, layout, to: &output)
    }
    return FileBytes(output)
  }

  private func isAtEdge(_ chunk: Chunk, _ layout: ChunkedLayout) -> Bool {
    dimensions.indices.contains { layout.dimensions[$0] > dimensions[$0] - chunk.offsets[$0] }
  }

  /// Copies the part of a chunk that is inside of the dataset, row by row.
  ///
  /// - Parameters:
  ///   - chunk: `layout.byteCount` bytes.
  ///   - offsets: Inside of the dataset.
  private func copy(_ chunk: FileBytes, at offsets: [Int], _ layout: ChunkedLayout, to output: inout [UInt8]) {
    let last = dimensions.count - 1
    let extent = dimensions.indices.map { min(layout.dimensions[$0], dimensions[$0] - offsets[$0]) }
    let rowBytes = extent[last] * type.size
    var index = [Int](repeating: 0, count: last)
    while true {
      var (source, target) = (0, 0)
      for dimension in 0..<last {
        source = source * layout.dimensions[dimension] + index[dimension]
        target = target * dimensions[dimension] + offsets[dimension] + index[dimension]
      }
      source = source * layout.dimensions[last] * type.size
      target = (target * dimensions[last] + offsets[last]) * type.size
      unsafe chunk.withUnsafeBytes { bytes in
        unsafe output.withUnsafeMutableBytes { output in
          unsafe UnsafeMutableRawBufferPointer(rebasing: output[target..<target + rowBytes])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[source..<source + rowBytes]))
        }
      }
      var dimension = last - 1
      while dimension >= 0 {
        index[dimension] += 1
        if index[dimension] < extent[dimension] { break }
        index[dimension] = 0
        dimension -= 1
      }
      if dimension < 0 { return }
    }
  }
}
