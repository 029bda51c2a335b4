import ModelGraph
import Threads

/// Some of a tensor's blocks as they are stored, one after the other.
struct EncodedBlocks {
  var bytes: [UInt8] = []
  /// With offsets from the first byte.
  var blocks: [Block] = []

  /// Encodes on all cores; the result does not depend on their number.
  ///
  /// - Parameter elements: A tensor's, or a part of them that begins where a block does.
  init(_ elements: UnsafeRawBufferPointer, type: ElementType, profile: WeightFile.StorageProfile) {
    let count = (elements.count + FormatConstants.blockLength - 1) / FormatConstants.blockLength
    let encoded = Lock([EncodedBlock?](repeating: nil, count: count))
    WorkerPool.shared().forEach(count) { index in
      let start = index * FormatConstants.blockLength
      let part = unsafe elements[start..<min(start + FormatConstants.blockLength, elements.count)]
      let block = unsafe EncodedBlock(UnsafeRawBufferPointer(rebasing: part), type: type, profile: profile)
      encoded.withLock { $0[index] = block }
    }
    for block in encoded.withLock({ $0.compactMap(\.self) }) {
      blocks.append(
        Block(offset: bytes.count, checksum: Checksum.of(block.bytes), planeLengths: block.planeLengths))
      bytes += block.bytes
    }
  }
}

private struct EncodedBlock {
  var bytes: [UInt8] = []
  var planeLengths = SIMD4<UInt32>.zero

  init(_ elements: UnsafeRawBufferPointer, type: ElementType, profile: WeightFile.StorageProfile) {
    guard profile == .compact else {
      bytes = unsafe Array(elements)
      planeLengths[0] = UInt32(elements.count)
      return
    }
    let planes = UnsafeMutableRawBufferPointer.allocate(byteCount: elements.count, alignment: FormatConstants.alignment)
    defer { unsafe planes.deallocate() }
    unsafe BytePlanes.split(elements, elementSize: type.byteCount, into: planes)
    let length = elements.count / type.byteCount
    for index in 0..<type.byteCount {
      let plane = unsafe UnsafeRawBufferPointer(rebasing: planes[index * length..<(index + 1) * length])
      let deflated = unsafe Deflate.compressed(plane)
      let isSmaller = deflated.count < length
      planeLengths[index] = UInt32(isSmaller ? deflated.count : length)
      if isSmaller { bytes += deflated } else { unsafe bytes += plane }
    }
  }
}
