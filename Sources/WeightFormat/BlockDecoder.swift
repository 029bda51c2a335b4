internal import Files
import ModelGraph
import Threads

/// One entry of the block table: a run of a tensor's elements as it is stored.
struct Block: Hashable, Sendable {
  /// Where it begins in the file.
  var offset: Int
  /// Of the bytes as stored.
  var checksum: UInt32
  /// The stored bytes of each plane, zero for those that the element type does not have. The stored profile has one
  /// plane, of whole elements.
  var planeLengths: SIMD4<UInt32>

  var length: Int { Int(planeLengths.wrappedSum()) }
  var range: Range<Int> { offset..<offset + length }
}

/// Which block of which tensor is decoded, for errors.
struct BlockPlace {
  var tensor: String
  var elementType: ElementType
  var index: Int

  var description: String { "tensor \"\(tensor)\", block \(index)" }
}

/// The memory that one thread needs to decode blocks: the stored bytes, the inflated planes, the elements, and a zlib
/// stream.
@safe final class BlockDecoder: @unchecked Sendable {  // the pool lends it to one thread at a time
  private let owner: PrivateMemory
  private let memory: UnsafeMutableRawPointer
  private static let byteCount = 3 * FormatConstants.blockLength
  private let inflater: Inflater

  init() throws(WeightFormatError) {
    guard let inflater = Inflater() else {
      throw WeightFormatError(.system, "start zlib", found: "no memory", expected: "success")
    }
    self.inflater = inflater
    do throws(SystemError) {
      owner = try PrivateMemory(byteCount: Self.byteCount)
    } catch {
      throw .system(error.code, "reserve \(Self.byteCount) bytes of memory")
    }
    unsafe memory = owner.bytes.baseAddress!
  }

  /// Room for the elements of one block.
  var elements: UnsafeMutableRawPointer { unsafe memory + 2 * FormatConstants.blockLength }

  /// Reads, checks and inflates one block of the compact profile; `elements` has room for exactly its elements.
  func decode(
    _ block: Block, of source: FileSource, to elements: UnsafeMutableRawBufferPointer, _ place: BlockPlace
  ) throws(WeightFormatError) {
    assert(block.length <= FormatConstants.blockLength, "the block table bounds what is stored")
    assert(elements.count <= FormatConstants.blockLength, "a block's elements have the room of one")
    try unsafe source.read(block.range, into: memory)
    let stored = unsafe UnsafeRawBufferPointer(start: memory, count: block.length)
    try unsafe block.check(stored, place)
    let size = place.elementType.byteCount
    let count = elements.count / size
    let bytes = unsafe memory.assumingMemoryBound(to: UInt8.self)
    // Elements of one byte are their plane.
    let inflated = unsafe size == 1 ? elements.baseAddress! : memory + FormatConstants.blockLength
    var planes = unsafe InlineArray<4, UnsafePointer<UInt8>>(repeating: bytes)
    var position = 0
    for plane in 0..<size {
      let length = Int(block.planeLengths[plane])
      if length == count {
        unsafe planes[plane] = unsafe UnsafePointer(bytes + position)
      } else {
        let own = unsafe UnsafeMutableRawBufferPointer(start: inflated + plane * count, count: count)
        if let fault = unsafe inflater.inflate(
          UnsafeRawBufferPointer(rebasing: stored[position..<position + length]), into: own)
        {
          throw WeightFormatError(
            .deflate, in: .data, at: block.offset + position, "\(place.description), plane \(plane)", found: fault,
            expected: "a stream that ends with its last byte and inflates to \(count) bytes")
        }
        unsafe planes[plane] = unsafe UnsafePointer(own.baseAddress!.assumingMemoryBound(to: UInt8.self))
      }
      position += length
    }
    if unsafe UnsafeRawPointer(planes[0]) != UnsafeRawPointer(elements.baseAddress!) {
      unsafe BytePlanes.merge(planes, elementSize: size, count: count, into: elements.baseAddress!)
    }
    try unsafe block.checkNumbers(UnsafeRawBufferPointer(elements), place)
  }
}

extension Block {
  /// Compares the checksum of the block's stored bytes.
  func check(_ stored: UnsafeRawBufferPointer, _ place: BlockPlace) throws(WeightFormatError) {
    let found = unsafe Checksum.of(stored)
    guard found == checksum else {
      throw WeightFormatError(
        .checksum, in: .data, at: offset, place.description, found: hex(found), expected: hex(checksum))
    }
  }

  /// Refuses NaN and infinity among the block's elements.
  func checkNumbers(_ elements: UnsafeRawBufferPointer, _ place: BlockPlace) throws(WeightFormatError) {
    guard let index = unsafe place.elementType.firstNonFinite(in: elements) else { return }
    throw WeightFormatError(
      .number, in: .data, at: offset, "\(place.description), element \(index)",
      found: unsafe place.elementType.float(at: index, of: elements).isNaN ? "NaN" : "infinity",
      expected: "a finite number")
  }
}

/// Lends decoders to any number of threads and keeps them for the next.
final class DecoderPool: Sendable {
  private let idle = Lock<[BlockDecoder]>([])

  func withDecoder<Result>(_ body: (BlockDecoder) throws -> Result) throws -> Result {
    let decoder = try idle.withLock { $0.popLast() } ?? BlockDecoder()
    defer { idle.withLock { $0.append(decoder) } }
    return try body(decoder)
  }

  /// Each takes 1.5 MiB.
  func removeIdle() { idle.withLock { $0.removeAll() } }
}

/// A checksum as it is written in the specification.
func hex(_ checksum: UInt32) -> String {
  let digits = String(checksum, radix: 16)
  return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
}
