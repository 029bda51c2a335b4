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
    let start = block * Layout.blockLength
    return start..<min(start + Layout.blockLength, byteCount)
  }

  private func place(_ block: Int) -> BlockPlace { BlockPlace(tensor: tensor, elementType: elementType, index: block) }

  /// All bytes: of the stored profile in place in the mapping, else inflated to memory that lives during the call.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    guard isCompact else {
      let range = blocks[0].offset..<blocks[0].offset + byteCount
      defer { source.release(range) }
      for index in blocks.indices { _ = try checkedInPlace(index) }
      return try body(source.inPlace(range)!)
    }
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: Layout.alignment)
    defer { memory.deallocate() }
    try decoders.withDecoder { decoder in
      for (index, block) in blocks.enumerated() {
        let part = UnsafeMutableRawBufferPointer(rebasing: memory[elementRange(of: index)])
        try decoder.decode(block, of: source, to: part, place(index))
      }
    }
    return try body(UnsafeRawBufferPointer(memory))
  }

  func withBlock<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer, Int) throws -> Result) throws -> Result {
    let range = elementRange(of: index)
    guard isCompact else {
      defer { source.release(blocks[index].range) }
      return try body(try checkedInPlace(index), range.lowerBound)
    }
    return try decoders.withDecoder { decoder in
      let elements = UnsafeMutableRawBufferPointer(start: decoder.elements, count: range.count)
      try decoder.decode(blocks[index], of: source, to: elements, place(index))
      return try body(UnsafeRawBufferPointer(elements), range.lowerBound)
    }
  }

  private func checkedInPlace(_ index: Int) throws(WeightFormatError) -> UnsafeRawBufferPointer {
    let block = blocks[index]
    let bytes = source.inPlace(block.range)!
    try block.check(bytes, place(index))
    try block.checkNumbers(bytes, place(index))
    return bytes
  }
}
