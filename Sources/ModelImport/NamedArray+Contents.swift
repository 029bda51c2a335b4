import Files
import ModelGraph

extension FileBytes: TensorContents {
  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    try unsafe withUnsafeBytes { try unsafe body($0) }
  }
}

/// Numbers of another type as 32-bit floats.
struct FloatsOfContents: TensorContents {
  let base: any TensorContents
  let elementType: NamedArray.ElementType

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    let floats = try unsafe base.withBytes { bytes in
      unsafe elementType.floats(bytes, count: bytes.count / elementType.byteCount)
    }
    return try unsafe floats.withUnsafeBytes(body)
  }

  var blockCount: Int { base.blockCount }

  func withBlock<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer, Int) throws -> Result) throws -> Result {
    try unsafe base.withBlock(index) { bytes, offset in
      let floats = unsafe elementType.floats(bytes, count: bytes.count / elementType.byteCount)
      return try unsafe floats.withUnsafeBytes { floats in
        try unsafe body(floats, offset / elementType.byteCount * MemoryLayout<Float>.size)
      }
    }
  }
}

/// One number many times, which takes memory only while it is read.
struct RepeatedContents: TensorContents {
  let value: Float
  let count: Int

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    let values = [Float](repeating: value, count: count)
    return try unsafe values.withUnsafeBytes(body)
  }
}

/// Values whose axes have changed places, which take memory only while they are read, in blocks of rows.
struct PermutedContents: TensorContents {
  let base: any TensorContents
  /// Of `base`.
  let dimensions: [Int]
  /// Axis `i` of the result is axis `axes[i]` of `base`.
  let axes: [Int]
  let elementSize: Int

  var permutedDimensions: [Int] { axes.map { dimensions[$0] } }

  /// The values with their axes moved once more.
  func permuted(_ next: [Int]) -> any TensorContents {
    let axes = next.map { self.axes[$0] }
    guard axes != Array(dimensions.indices) else { return base }
    return PermutedContents(base: base, dimensions: dimensions, axes: axes, elementSize: elementSize)
  }

  /// The same values where each axis of the result is divided into several, or nil where other dimensions than such parts are
  /// asked for.
  func split(into wanted: [Int]) -> PermutedContents? {
    var rest = wanted[...]
    // Of each axis of `base`.
    var parts = [[Int]](repeating: [], count: dimensions.count)
    for axis in axes {
      var count = 1
      while count < dimensions[axis], let next = rest.popFirst() {
        parts[axis].append(next)
        count *= next
      }
      guard count == dimensions[axis] else { return nil }
    }
    guard rest.isEmpty, let last = axes.last, !parts[last].isEmpty else { return nil }
    var firsts: [Int] = []
    for axis in parts.indices { firsts.append(axis == 0 ? 0 : firsts[axis - 1] + parts[axis - 1].count) }
    return PermutedContents(
      base: base, dimensions: parts.flatMap(\.self),
      axes: axes.flatMap { axis in parts[axis].indices.map { firsts[axis] + $0 } }, elementSize: elementSize)
  }

  /// In bytes; a block has at least a row.
  private static let blockSize = 1 << 22

  private var rowLength: Int { dimensions[axes[axes.count - 1]] }
  private var rowCount: Int { Limits.elementCount(of: dimensions).map { $0 / rowLength } ?? 0 }
  /// All, where every block would make the whole base anew.
  private var rowsOfBlock: Int {
    base is FileBytes ? max(Self.blockSize / (rowLength * elementSize), 1) : max(rowCount, 1)
  }

  var blockCount: Int { max((rowCount + rowsOfBlock - 1) / rowsOfBlock, 1) }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    try unsafe withRows(0..<rowCount, body)
  }

  func withBlock<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer, Int) throws -> Result) throws -> Result {
    let first = index * rowsOfBlock
    return try unsafe withRows(first..<min(first + rowsOfBlock, rowCount)) { bytes in
      try unsafe body(bytes, first * rowLength * elementSize)
    }
  }

  private func withRows<Result>(_ rows: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result
  {
    let permuted = try unsafe base.withBytes { bytes in
      guard let count = Limits.elementCount(of: dimensions), bytes.count == count * elementSize else {
        throw GraphError(node: nil, reason: "\(bytes.count) bytes of an array of \(dimensions)")
      }
      return switch elementSize {
      case 1: unsafe self.permuted(bytes, rows, as: UInt8.self)
      case 2: unsafe self.permuted(bytes, rows, as: UInt16.self)
      case 4: unsafe self.permuted(bytes, rows, as: UInt32.self)
      default: unsafe self.permuted(bytes, rows, as: UInt64.self)
      }
    }
    return try unsafe permuted.withUnsafeBytes(body)
  }

  /// - Parameter rows: along the result's last axis.
  private func permuted<Pattern: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, _ rows: Range<Int>, as type: Pattern.Type
  ) -> [UInt8] {
    var strides = [Int](repeating: 1, count: dimensions.count)
    for axis in dimensions.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * dimensions[axis + 1] }
    let extent = axes.map { dimensions[$0] }
    let step = axes.map { strides[$0] }
    let (rowLength, rowStep) = (extent[extent.count - 1], step[step.count - 1])
    var index = [Int](repeating: 0, count: extent.count)
    var (source, rest) = (0, rows.lowerBound)
    for axis in extent.indices.dropLast().reversed() {
      index[axis] = rest % extent[axis]
      rest /= extent[axis]
      source += index[axis] * step[axis]
    }
    let size = MemoryLayout<Pattern>.size
    return unsafe [UInt8](unsafeUninitializedCapacity: rows.count * rowLength * size) { output, initialized in
      let target = UnsafeMutableRawBufferPointer(output)
      for written in stride(from: 0, to: rows.count * rowLength, by: rowLength) {
        for column in 0..<rowLength {
          let value = unsafe bytes.loadUnaligned(fromByteOffset: (source + column * rowStep) * size, as: Pattern.self)
          unsafe target.storeBytes(of: value, toByteOffset: (written + column) * size, as: Pattern.self)
        }
        for axis in extent.indices.dropLast().reversed() {
          index[axis] += 1
          source += step[axis]
          if index[axis] < extent[axis] { break }
          source -= extent[axis] * step[axis]
          index[axis] = 0
        }
      }
      initialized = rows.count * rowLength * size
    }
  }
}
