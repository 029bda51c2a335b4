/// How a tensor's values are stored, little-endian.
package enum ElementType: Hashable, Sendable, CaseIterable {
  case float32, float16, bfloat16, int8, int32

  package var byteCount: Int {
    switch self {
    case .float32, .int32: 4
    case .float16, .bfloat16: 2
    case .int8: 1
    }
  }
}

/// Where a tensor's bytes come from: memory, or blocks of a file that are read, and inflated, on demand.
package protocol TensorContents: Sendable {
  /// Calls `body` with all bytes of the tensor, little-endian, in order, which are valid only during the call.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result

  /// The number of blocks that the bytes come in; a tensor of a weights file has one for each 512 KiB.
  var blockCount: Int { get }

  /// Calls `body` with the bytes of one block, a whole number of elements, and the block's offset in the tensor in
  /// bytes. Blocks may be asked for in any order and by several threads at once, each without the others' memory.
  func withBlock<Result>(
    _ index: Int, _ body: (_ bytes: UnsafeRawBufferPointer, _ offset: Int) throws -> Result
  ) throws -> Result

  /// Copies the bytes of one block to their place in memory for the whole tensor.
  ///
  /// - Returns: Their number.
  /// - Throws: `GraphError` where their place is outside the memory, and what reading them throws.
  func copyBlock(_ index: Int, into memory: UnsafeMutableRawBufferPointer) throws -> Int

  /// Gives back the memory that reading keeps for the next block; more can be read afterwards.
  func releaseMemory()
}

extension TensorContents {
  package func releaseMemory() {}

  package var blockCount: Int { 1 }

  package func withBlock<Result>(
    _ index: Int, _ body: (_ bytes: UnsafeRawBufferPointer, _ offset: Int) throws -> Result
  ) throws -> Result {
    try unsafe withBytes { bytes in try unsafe body(bytes, 0) }
  }

  package func copyBlock(_ index: Int, into memory: UnsafeMutableRawBufferPointer) throws -> Int {
    try unsafe withBlock(index) { bytes, offset in
      guard offset <= memory.count, bytes.count <= memory.count - offset else {
        throw GraphError(node: nil, reason: "a tensor has \(offset + bytes.count) bytes, expected \(memory.count)")
      }
      unsafe UnsafeMutableRawBufferPointer(rebasing: memory[offset...]).copyMemory(from: bytes)
      return bytes.count
    }
  }
}

/// A named array of weights.
package struct Tensor: Sendable {
  package var name: String
  package var dimensions: [Int]
  package var elementType: ElementType
  package var contents: any TensorContents
  /// A factor for each index of the last axis: the scale of quantized values, or a batch normalization folded in.
  /// The tensor's value is the stored value times the factor of its channel.
  package var scale: [Float]?

  package init(
    name: String, dimensions: [Int], elementType: ElementType, contents: any TensorContents, scale: [Float]? = nil
  ) {
    self.name = name
    self.dimensions = dimensions
    self.elementType = elementType
    self.contents = contents
    self.scale = scale
  }

  package init(name: String, dimensions: [Int], values: [Float]) {
    self.init(name: name, dimensions: dimensions, elementType: .float32, contents: FloatContents(values: values))
  }

  /// The number of values of a tensor in a validated graph.
  package var elementCount: Int { dimensions.reduce(1, *) }

  /// Copies all bytes, little-endian, to memory that has room for exactly them.
  ///
  /// - Throws: `GraphError` where there are more or fewer, and what reading them throws.
  package func copy(to memory: UnsafeMutableRawBufferPointer) throws {
    var count = 0
    for block in 0..<contents.blockCount { count += try unsafe contents.copyBlock(block, into: memory) }
    guard count == memory.count else {
      throw GraphError(node: nil, reason: "tensor \"\(name)\" has \(count) bytes, expected \(memory.count)")
    }
  }

  /// All values as floats, scaled.
  ///
  /// - Throws: `GraphError` where the contents are not as long as the dimensions say, and what reading them throws.
  package func values() throws -> [Float] {
    guard let count = Limits.elementCount(of: dimensions) else {
      throw GraphError(
        node: nil, reason: "tensor \"\(name)\" of \(dimensions) is empty or exceeds \(Limits.elements) values")
    }
    if contents.blockCount > 1 {
      // Blocks that are made when they are asked for, as where axes change places, are not all in memory beside the
      // values.
      var floats: [Float] = []
      floats.reserveCapacity(count)
      try forEachPart { values, _ in floats += values }
      return floats
    }
    var floats = try unsafe contents.withBytes { bytes in
      guard bytes.count == count * elementType.byteCount else {
        throw GraphError(
          node: nil,
          reason: "tensor \"\(name)\" has \(bytes.count) bytes, expected \(count * elementType.byteCount)")
      }
      return unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        unsafe elementType.convert(bytes, to: buffer.baseAddress!)
        initialized = count
      }
    }
    multiply(&floats, from: 0)
    return floats
  }

  /// All values as floats, scaled, in order and in parts, so that a large tensor takes little memory.
  ///
  /// - Throws: As `values()` does, and what `body` throws.
  package func forEachPart(_ body: (_ values: [Float], _ offset: Int) throws -> Void) throws {
    let size = elementType.byteCount
    var count = 0
    for block in 0..<contents.blockCount {
      try unsafe contents.withBlock(block) { bytes, offset in
        count += bytes.count / size
        for start in stride(from: 0, to: bytes.count, by: Self.partBytes) {
          let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + Self.partBytes, bytes.count)])
          var floats = unsafe [Float](unsafeUninitializedCapacity: part.count / size) { buffer, initialized in
            if let base = buffer.baseAddress { unsafe elementType.convert(part, to: base) }
            initialized = part.count / size
          }
          let first = (offset + start) / size
          multiply(&floats, from: first)
          try body(floats, first)
        }
      }
    }
    guard count == Limits.elementCount(of: dimensions) else {
      throw GraphError(node: nil, reason: "tensor \"\(name)\" of \(dimensions) has \(count) values")
    }
  }

  /// A whole number of elements of each type.
  private static let partBytes = 1 << 18

  /// Applies the scale to values that begin at an index of the tensor.
  private func multiply(_ floats: inout [Float], from first: Int) {
    guard let scale, !scale.isEmpty else { return }
    var channel = first % scale.count
    for index in floats.indices {
      floats[index] *= scale[channel]
      channel = channel + 1 == scale.count ? 0 : channel + 1
    }
  }
}

extension ElementType {
  /// The values of little-endian bytes, as many as they hold; the caller has room for them.
  package func convert(_ bytes: UnsafeRawBufferPointer, to floats: UnsafeMutablePointer<Float>) {
    // A loop for each type, which the compiler makes vector code of.
    switch self {
    case .float32: unsafe convert(bytes, to: floats, as: UInt32.self) { Float(bitPattern: $0) }
    case .float16: unsafe convert(bytes, to: floats, as: UInt16.self) { Float(halfBitPattern: $0) }
    case .bfloat16: unsafe convert(bytes, to: floats, as: UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .int8: unsafe convert(bytes, to: floats, as: Int8.self) { Float($0) }
    case .int32: unsafe convert(bytes, to: floats, as: Int32.self) { Float($0) }
    }
  }

  @inline(__always)
  private func convert<Pattern: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, to floats: UnsafeMutablePointer<Float>, as type: Pattern.Type,
    value: (Pattern) -> Float
  ) {
    for index in 0..<bytes.count / MemoryLayout<Pattern>.size {
      let pattern = unsafe bytes.loadUnaligned(fromByteOffset: index &* MemoryLayout<Pattern>.size, as: Pattern.self)
      unsafe (floats + index).initialize(to: value(Pattern(littleEndian: pattern)))
    }
  }

  /// The value at an index of little-endian bytes; the caller has checked the index.
  @inlinable
  package func float(at index: Int, of bytes: UnsafeRawBufferPointer) -> Float {
    switch self {
    case .float32:
      unsafe Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
    case .float16:
      unsafe Float(
        halfBitPattern: UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)))
    case .bfloat16:
      unsafe Float(
        bitPattern: UInt32(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))) << 16)
    case .int8:
      unsafe Float(bytes.loadUnaligned(fromByteOffset: index, as: Int8.self))
    case .int32:
      unsafe Float(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 4, as: Int32.self)))
    }
  }
}

extension Float {
  /// The value of an IEEE 754 binary16 bit pattern; `Float16` itself does not exist on x86-64 macOS.
  @inlinable
  package init(halfBitPattern bits: UInt16) {
    let sign = UInt32(bits & 0x8000) << 16
    let magnitude = UInt32(bits & 0x7fff)
    if magnitude >= 0x7c00 {  // infinity and NaN
      self.init(bitPattern: sign | 0x7f80_0000 | (magnitude & 0x03ff) << 13)
    } else {  // scaling by 2^112 moves the exponent's bias and makes subnormals normal, exactly
      self.init(bitPattern: sign | (Float(bitPattern: magnitude << 13) * 0x1p112).bitPattern)
    }
  }
}

private struct FloatContents: TensorContents {
  let values: [Float]

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    try unsafe values.withUnsafeBytes(body)
  }
}

/// Bytes in memory.
package struct ByteContents: TensorContents {
  let bytes: [UInt8]

  package init(bytes: [UInt8]) { self.bytes = bytes }

  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    try unsafe bytes.withUnsafeBytes(body)
  }
}
