import ModelGraph

/// The BLCK section: the blocks of all tensors, in order.
struct BlockTable: Sendable {
  /// For each tensor, its blocks.
  var blocks: [[Block]] = []

  /// Reads the table and checks that it tiles the DATA section: each tensor has its own blocks, each block its own bytes,
  /// and no stream claims to inflate to more than deflate can.
  init(
    from reader: inout ByteReader, tensors: [TensorRecord], data: Section, isCompact: Bool
  ) throws(WeightFormatError) {
    let expected = tensors.reduce(0) { $0 + $1.blockCount }
    guard reader.remaining == expected * FormatConstants.blockEntryLength else {
      throw reader.fault(
        .blocks, "block table", found: "\(reader.remaining) bytes",
        expected: "\(expected) blocks of \(FormatConstants.blockEntryLength) bytes, those of the tensors")
    }
    blocks.reserveCapacity(tensors.count)
    var end = 0
    var next = 0
    for tensor in tensors {
      guard tensor.dataOffset == UInt64(FormatConstants.aligned(end)) else {
        throw WeightFormatError(
          .placement, in: .tensors, at: tensor.placementOffset, "tensor \"\(tensor.name)\", offset of its data",
          found: "\(tensor.dataOffset)", expected: "\(FormatConstants.aligned(end))")
      }
      guard tensor.firstBlock == next else {
        throw WeightFormatError(
          .blocks, in: .tensors, at: tensor.placementOffset + 8, "tensor \"\(tensor.name)\", first block",
          found: "\(tensor.firstBlock)", expected: "\(next)")
      }
      end = FormatConstants.aligned(end)
      var own: [Block] = []
      for index in 0..<tensor.blockCount {
        let inflated = min(FormatConstants.blockLength, tensor.byteCount - index * FormatConstants.blockLength)
        reader.subject = "tensor \"\(tensor.name)\", block \(index)"
        let block = try Block(
          from: &reader, at: data.offset + end, elementSize: tensor.elementType.byteCount, inflated: inflated,
          isCompact: isCompact)
        guard block.length <= data.length - end else {
          throw reader.fault(
            .size, "stored length", found: "\(block.length)",
            expected: "at most \(max(data.length - end, 0)) bytes left in DATA",
            back: FormatConstants.blockEntryLength)
        }
        end += block.length
        own.append(block)
      }
      next += own.count
      blocks.append(own)
    }
    try reader.finish()
    guard end == data.length else {
      throw WeightFormatError(
        .size, in: .data, at: data.offset + end, "the section", found: "\(data.length) bytes",
        expected: "\(end), those of its blocks")
    }
  }

  /// The checksum of the DATA section, made from those of the blocks and of the zeros between tensors.
  func dataChecksum(data: Section) -> UInt32 {
    var checksum: UInt32 = 0
    var end = data.offset
    for block in blocks.joined() {
      let gap = block.offset - end
      if gap > 0 { checksum = Checksum.combining(checksum, Checksum.ofZeros(gap), length: gap) }
      checksum = Checksum.combining(checksum, block.checksum, length: block.length)
      end = block.range.upperBound
    }
    return checksum
  }

  /// The zeros between tensors.
  func gaps(data: Section) -> [Range<Int>] {
    var end = data.offset
    return blocks.compactMap { own in
      defer { end = own[own.count - 1].range.upperBound }
      return end < own[0].offset ? end..<own[0].offset : nil
    }
  }
}

extension Block {
  fileprivate init(
    from reader: inout ByteReader, at offset: Int, elementSize: Int, inflated: Int, isCompact: Bool
  ) throws(WeightFormatError) {
    self.offset = offset
    checksum = try reader.unsigned32("checksum")
    planeLengths = .zero
    let planeCount = isCompact ? elementSize : 1
    let whole = inflated / planeCount
    for plane in 0..<4 {
      let length = try reader.integer("stored length of plane \(plane)")
      let least =
        isCompact ? (whole + FormatConstants.greatestExpansion - 1) / FormatConstants.greatestExpansion : whole
      let range = plane < planeCount ? least...whole : 0...0
      guard range.contains(length) else {
        throw reader.fault(
          .size, "stored length of plane \(plane)", found: "\(length)",
          expected: range.count == 1
            ? "\(whole * (plane < planeCount ? 1 : 0))"
            : "\(range.lowerBound) to \(range.upperBound), for \(whole) bytes inflated",
          back: 4)
      }
      planeLengths[plane] = UInt32(length)
    }
  }
}

extension ByteWriter {
  mutating func block(_ block: Block) {
    unsigned32(block.checksum)
    for plane in 0..<4 { unsigned32(block.planeLengths[plane]) }
  }
}
