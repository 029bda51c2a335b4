import Files

/// Where a dataset's values are (HDF5 File Format Specification 3.0, Data Layout message).
enum Layout: Sendable {
  /// In the object header.
  case compact(FileBytes)
  /// In one piece; nil where none were written.
  case contiguous(address: Int?, byteCount: Int)
  case chunked(ChunkedLayout)
}

struct ChunkedLayout: Sendable {
  /// How chunks are found.
  enum Index: Sendable {
    case oldBTree
    /// - Parameters: The size and the skipped filters are of a chunk with filters; the size is nil without.
    case single(storedSize: Int?, skippedFilters: UInt32)
    case implicit
    case fixedArray
    case extensibleArray
    case newBTree
  }

  var index: Index
  /// Of the index, or of the only chunk; nil where nothing was written.
  var address: Int?
  var dimensions: [Int]
  /// Bytes of one chunk without filters.
  var byteCount: Int
  /// Whether chunks that reach past the dataset's edge are stored without filters.
  var leavesEdgesUnfiltered: Bool
}

extension Layout {
  /// - Parameter elementSize: The datatype's.
  init(_ message: Fields, elementSize: Int, rank: Int) throws(HDF5Error) {
    var fields = message
    let version = try fields.version(3...5)
    let kind = try fields.byte()
    switch kind {
    case 0: self = .compact(try fields.take(try fields.short()))
    case 1:
      let address = try fields.address()
      self = .contiguous(address: address, byteCount: try fields.length())
    case 2:
      let isOld = version == 3
      self = .chunked(
        isOld
          ? try .init(old: &fields, elementSize: elementSize, rank: rank)
          : try .init(new: &fields, elementSize: elementSize, rank: rank))
    case 3: throw fields.error("H5D_VIRTUAL: values in other datasets or files are never read")
    default: throw fields.error("layout class \(kind), expected 0 to 2")
    }
  }
}

extension ChunkedLayout {
  fileprivate init(old fields: inout Fields, elementSize: Int, rank: Int) throws(HDF5Error) {
    let sideCount = try fields.byte()
    address = try fields.address()
    index = .oldBTree
    leavesEdgesUnfiltered = false
    dimensions = []
    byteCount = 0
    try setDimensions(&fields, count: sideCount, width: 4, elementSize: elementSize, rank: rank)
  }

  fileprivate init(new fields: inout Fields, elementSize: Int, rank: Int) throws(HDF5Error) {
    let flags = try fields.byte()
    let sideCount = try fields.byte()
    let width = try fields.byte()
    index = .implicit
    leavesEdgesUnfiltered = flags & 1 != 0
    dimensions = []
    byteCount = 0
    try setDimensions(&fields, count: sideCount, width: width, elementSize: elementSize, rank: rank)
    let kind = try fields.byte()
    switch kind {
    case 1:
      if flags & 2 != 0 {
        let size = try fields.length()
        index = .single(storedSize: size, skippedFilters: UInt32(truncatingIfNeeded: try fields.word()))
      } else {
        index = .single(storedSize: nil, skippedFilters: 0)
      }
    case 2: index = .implicit
    case 3:
      index = .fixedArray
      try fields.skip(1)
    case 4:
      index = .extensibleArray
      try fields.skip(5)
    case 5:
      index = .newBTree
      try fields.skip(6)
    default: throw fields.error("chunk index \(kind), expected 1 to 5")
    }
    address = try fields.address()
  }

  /// Reads a chunk's dimensions, the last of which is the size of an element.
  private mutating func setDimensions(
    _ fields: inout Fields, count: Int, width: Int, elementSize: Int, rank: Int
  ) throws(HDF5Error) {
    var sides: [Int] = []
    for _ in 0..<count { sides.append(try fields.count(width: width)) }
    guard count == rank + 1, rank > 0, sides.last == elementSize, let size = elementCount(sides), size > 0 else {
      throw fields.error("chunks of \(sides), expected \(rank) dimensions and \(elementSize) bytes")
    }
    dimensions = sides.dropLast()
    byteCount = size
  }
}
