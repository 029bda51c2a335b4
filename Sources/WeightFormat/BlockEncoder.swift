import Dispatch
import ModelGraph

/// A tensor's blocks as they are stored, one after the other.
struct EncodedTensor {
  var bytes: [UInt8] = []
  /// With offsets from the tensor's first byte.
  var blocks: [Block] = []

  /// Encodes on all cores; the result does not depend on their number.
  init(_ elements: UnsafeRawBufferPointer, type: ElementType, profile: WeightFile.Profile) {
    let count = (elements.count + Layout.blockLength - 1) / Layout.blockLength
    let encoded = [EncodedBlock](unsafeUninitializedCapacity: count) { buffer, initialized in
      let results = Results(start: buffer.baseAddress!)
      let source = Source(bytes: elements)
      DispatchQueue.concurrentPerform(iterations: count) { index in
        let start = index * Layout.blockLength
        let part = source.bytes[start..<min(start + Layout.blockLength, source.bytes.count)]
        let block = EncodedBlock(UnsafeRawBufferPointer(rebasing: part), type: type, profile: profile)
        (results.start + index).initialize(to: block)
      }
      initialized = count
    }
    for block in encoded {
      blocks.append(
        Block(offset: bytes.count, checksum: Checksum.of(block.bytes), planeLengths: block.planeLengths))
      bytes += block.bytes
    }
  }

  /// Each index is written once.
  private struct Results: @unchecked Sendable { let start: UnsafeMutablePointer<EncodedBlock> }
  /// Only read.
  private struct Source: @unchecked Sendable { let bytes: UnsafeRawBufferPointer }
}

private struct EncodedBlock {
  var bytes: [UInt8] = []
  var planeLengths = SIMD4<UInt32>.zero

  init(_ elements: UnsafeRawBufferPointer, type: ElementType, profile: WeightFile.Profile) {
    guard profile == .compact else {
      bytes = Array(elements)
      planeLengths[0] = UInt32(elements.count)
      return
    }
    let planes = UnsafeMutableRawBufferPointer.allocate(byteCount: elements.count, alignment: Layout.alignment)
    defer { planes.deallocate() }
    BytePlanes.split(elements, elementSize: type.byteCount, into: planes)
    let length = elements.count / type.byteCount
    for index in 0..<type.byteCount {
      let plane = UnsafeRawBufferPointer(rebasing: planes[index * length..<(index + 1) * length])
      let deflated = Deflate.compressed(plane)
      let isSmaller = deflated.count < length
      planeLengths[index] = UInt32(isSmaller ? deflated.count : length)
      if isSmaller { bytes += deflated } else { bytes += plane }
    }
  }
}
