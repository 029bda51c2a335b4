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

/// Values whose axes have changed places.
struct PermutedContents: TensorContents {
  let base: any TensorContents
  /// Of `base`.
  let dimensions: [Int]
  /// Axis `i` of the result is axis `axes[i]` of `base`.
  let axes: [Int]
  let elementSize: Int

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    let permuted = try unsafe base.withBytes { bytes in
      guard let count = Limits.elementCount(of: dimensions), bytes.count == count * elementSize else {
        throw GraphError(node: nil, reason: "\(bytes.count) bytes of an array of \(dimensions)")
      }
      return switch elementSize {
      case 1: unsafe self.permuted(bytes, count, as: UInt8.self)
      case 2: unsafe self.permuted(bytes, count, as: UInt16.self)
      case 4: unsafe self.permuted(bytes, count, as: UInt32.self)
      default: unsafe self.permuted(bytes, count, as: UInt64.self)
      }
    }
    return try unsafe permuted.withUnsafeBytes(body)
  }

  private func permuted<Pattern: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, _ count: Int, as type: Pattern.Type
  ) -> [UInt8] {
    var strides = [Int](repeating: 1, count: dimensions.count)
    for axis in dimensions.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * dimensions[axis + 1] }
    let extent = axes.map { dimensions[$0] }
    let step = axes.map { strides[$0] }
    let (rowLength, rowStep) = (extent[extent.count - 1], step[step.count - 1])
    let size = MemoryLayout<Pattern>.size
    return unsafe [UInt8](unsafeUninitializedCapacity: count * size) { output, initialized in
      let target = UnsafeMutableRawBufferPointer(output)
      var index = [Int](repeating: 0, count: extent.count)
      var (source, written) = (0, 0)
      while written < count {
        for column in 0..<rowLength {
          let value = unsafe bytes.loadUnaligned(fromByteOffset: (source + column * rowStep) * size, as: Pattern.self)
          unsafe target.storeBytes(of: value, toByteOffset: (written + column) * size, as: Pattern.self)
        }
        written += rowLength
        for axis in extent.indices.dropLast().reversed() {
          index[axis] += 1
          source += step[axis]
          if index[axis] < extent[axis] { break }
          source -= extent[axis] * step[axis]
          index[axis] = 0
        }
      }
      initialized = count * size
    }
  }
}
