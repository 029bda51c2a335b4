import ModelGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The bytes of one tensor of a file, read and checked where they are asked for, by any number of threads at once.
struct BlockContents: TensorContents {
  let source: FileSource
  let decoders: DecoderPool
  let isCompact: Bool
  let tensor: String
  let elementType: ElementType
  let byteCount: Int
  let blocks: [Block]

  var blockCount: Int { blocks.count }

  /// Where a block's elements are in the tensor, in bytes.
  func elementRange(of block: Int) -> Range<Int> {
    let start = block * FormatConstants.blockLength
    return start..<min(start + FormatConstants.blockLength, byteCount)
  }

  private func place(_ block: Int) -> BlockPlace { BlockPlace(tensor: tensor, elementType: elementType, index: block) }

  /// All bytes, in memory that lives during the call.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    var start: UnsafeMutableRawPointer?
    let status = unsafe posix_memalign(&start, FormatConstants.alignment, byteCount)
    guard status == 0 else {
      throw WeightFormatError.system(status, "reserve \(byteCount) bytes of memory for tensor \"\(tensor)\"")
    }
    let memory = unsafe UnsafeMutableRawBufferPointer(start: start, count: byteCount)
    defer { unsafe free(start) }
    try decoders.withDecoder { decoder in
      for index in blocks.indices {
        try unsafe read(index, to: UnsafeMutableRawBufferPointer(rebasing: memory[elementRange(of: index)]), decoder)
      }
    }
    return try unsafe body(UnsafeRawBufferPointer(memory))
  }

  func withBlock<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer, Int) throws -> Result) throws -> Result {
    let range = elementRange(of: index)
    return try decoders.withDecoder { decoder in
      let elements = unsafe UnsafeMutableRawBufferPointer(start: decoder.elements, count: range.count)
      try unsafe read(index, to: elements, decoder)
      return try unsafe body(UnsafeRawBufferPointer(elements), range.lowerBound)
    }
  }

  /// Reads and checks one block; `elements` has room for exactly its elements.
  private func read(
    _ index: Int, to elements: UnsafeMutableRawBufferPointer, _ decoder: BlockDecoder
  ) throws(WeightFormatError) {
    let block = blocks[index]
    guard !isCompact else { return try unsafe decoder.decode(block, of: source, to: elements, place(index)) }
    try unsafe source.read(block.range, into: elements.baseAddress!)
    try unsafe block.check(UnsafeRawBufferPointer(elements), place(index))
    try unsafe block.checkNumbers(UnsafeRawBufferPointer(elements), place(index))
  }
}
