internal import Files
import ModelGraph

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
    if blocks.count == 1 { return try unsafe withBlock(0) { bytes, _ in try unsafe body(bytes) } }
    let memory: PrivateMemory
    do throws(SystemError) {
      memory = try PrivateMemory(byteCount: byteCount)
    } catch {
      throw WeightFormatError.system(error.code, "reserve \(byteCount) bytes of memory for tensor \"\(tensor)\"")
    }
    for index in blocks.indices { _ = try unsafe copyBlock(index, into: memory.bytes) }
    return try unsafe body(UnsafeRawBufferPointer(memory.bytes))
  }

  func copyBlock(_ index: Int, into memory: UnsafeMutableRawBufferPointer) throws -> Int {
    let range = elementRange(of: index)
    guard range.upperBound <= memory.count else {
      throw GraphError(
        node: nil, reason: "tensor \"\(tensor)\" has \(byteCount) bytes, expected \(memory.count)")
    }
    try decoders.withDecoder { decoder in
      try unsafe read(index, to: UnsafeMutableRawBufferPointer(rebasing: memory[range]), decoder)
    }
    return range.count
  }

  func withBlock<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer, Int) throws -> Result) throws -> Result {
    let range = elementRange(of: index)
    return try decoders.withDecoder { decoder in
      let elements = unsafe UnsafeMutableRawBufferPointer(start: decoder.elements, count: range.count)
      try unsafe read(index, to: elements, decoder)
      return try unsafe body(UnsafeRawBufferPointer(elements), range.lowerBound)
    }
  }

  func releaseMemory() { decoders.removeIdle() }

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
