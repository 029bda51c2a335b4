internal import Files
package import ModelGraph
package import Runtime
package import Threads
internal import WeightFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file of packed weights: the block, so that it starts where a page does; the index; and an ending of `endingLength` bytes
/// which says how long both are.
///
/// The index is the key, the graph without its weights, and a checksum for each piece of the block. Numbers are in the
/// machine's order, which belongs to the key.
package struct PackedWeightsFile {
  /// The graph as it was optimized, without values.
  package let graph: Graph
  package let weights: PackedWeights

  private static let signature: UInt64 = 0x31_6b_63_61_70_77_63_78  // xcwpack1
  package static let endingLength = 64
  /// How many bytes of the block have a checksum of their own; threads check pieces at the same time.
  static let pieceLength = 1 << 20
  /// Of the key and the graph together.
  private static let longestIndex = 64 << 20

  /// Reads a file that this process may trust, and checks all of it.
  ///
  /// - Returns: Nil where there is none of this key, or anything is wrong with it.
  package init?(at path: String, key: String, pool: WorkerPool) {
    guard let descriptor = try? openFile(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW) else { return nil }
    defer { close(descriptor) }
    guard let status = try? FileStatus(of: descriptor), status.isTrusted,
      let ending = Ending(of: descriptor, size: status.size),
      let index = Self.read(descriptor, at: ending.blockLength, count: ending.indexLength),
      Checksum.of(index) == ending.indexChecksum,
      index.prefix(ending.keyLength).elementsEqual(key.utf8),
      let graph = try? Graph(
        structure: Array(index[ending.keyLength..<ending.keyLength + ending.structureLength])),
      let memory = try? AlignedMemory(mapping: descriptor, byteCount: ending.blockLength)
    else { return nil }
    let checksums = index.suffix(4 * ending.pieceCount)
    guard Self.checksums(of: memory, pool: pool).elementsEqual(checksums) else { return nil }
    self.graph = graph
    weights = PackedWeights(memory: memory, fingerprint: ending.fingerprint)
    // The time of its last use.
    _ = futimens(descriptor, nil)
  }

  /// Writes a file, which replaces the one of this name when it is whole.
  ///
  /// It is not forced onto the disk, for which a user would wait: after a loss of power its checksums may be wrong.
  package static func write(
    _ weights: PackedWeights, structure: [UInt8], key: String, to path: String, pool: WorkerPool
  ) throws {
    let checksums = checksums(of: weights.memory, pool: pool)
    let index = Array(key.utf8) + structure + checksums
    let block = unsafe UnsafeRawBufferPointer(weights.memory.bytes)
    let ending = Ending(
      blockLength: block.count, keyLength: key.utf8.count, structureLength: structure.count,
      fingerprint: weights.fingerprint, indexChecksum: Checksum.of(index))
    var file = try AtomicFile(replacing: path, isPrivate: true)
    try unsafe file.write(block, at: 0)
    try file.write(index + ending.bytes, at: block.count)
    try file.commit(isDurable: false)
  }

  /// The length of the file that `write` makes.
  static func byteCount(ofBlock length: Int, structure: [UInt8], key: String) -> Int {
    length + key.utf8.count + structure.count + 4 * pieceCount(ofBlock: length) + endingLength
  }

  private static func pieceCount(ofBlock length: Int) -> Int { (length + pieceLength - 1) / pieceLength }

  /// The checksum of each piece of a block, one after the other.
  private static func checksums(of memory: AlignedMemory, pool: WorkerPool) -> [UInt8] {
    let count = unsafe memory.bytes.count
    let pieces = pieceCount(ofBlock: count)
    return unsafe [UInt8](unsafeUninitializedCapacity: 4 * pieces) { buffer, initialized in
      let checksums = UnsafeMutableRawBufferPointer(buffer)
      pool.forEach(pieces) { piece in
        let range = piece * pieceLength..<min((piece + 1) * pieceLength, count)
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: memory.bytes[range])
        unsafe checksums.storeBytes(of: Checksum.of(bytes), toByteOffset: 4 * piece, as: UInt32.self)
      }
      initialized = 4 * pieces
    }
  }

  private static func read(_ descriptor: CInt, at offset: Int, count: Int) -> [UInt8]? {
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let result = unsafe pread(descriptor, buffer.baseAddress, count, off_t(offset))
      initialized = max(result, 0)
    }
    return bytes.count == count ? bytes : nil
  }

  /// The last bytes of a file.
  private struct Ending {
    let blockLength: Int
    let keyLength: Int
    let structureLength: Int
    let fingerprint: UInt64
    let indexChecksum: UInt32

    var pieceCount: Int { PackedWeightsFile.pieceCount(ofBlock: blockLength) }
    var indexLength: Int { keyLength + structureLength + 4 * pieceCount }

    init(blockLength: Int, keyLength: Int, structureLength: Int, fingerprint: UInt64, indexChecksum: UInt32) {
      self.blockLength = blockLength
      self.keyLength = keyLength
      self.structureLength = structureLength
      self.fingerprint = fingerprint
      self.indexChecksum = indexChecksum
    }

    /// Nil where it is none, or where the lengths do not make up the file.
    init?(of descriptor: CInt, size: Int) {
      guard size > endingLength,
        let bytes = read(descriptor, at: size - endingLength, count: endingLength)
      else { return nil }
      let fields = unsafe bytes.withUnsafeBytes { bytes in
        (0..<8).map { unsafe bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }
      }
      guard fields[0] == signature, fields[7] == UInt64(Checksum.of(Array(bytes.prefix(56)))), fields[6] == 0,
        let block = Int(exactly: fields[1]), (1...size).contains(block), block % 64 == 0,
        let key = Int(exactly: fields[2]), let structure = Int(exactly: fields[3]),
        (0...longestIndex).contains(key), (0...longestIndex).contains(structure),
        let checksum = UInt32(exactly: fields[5])
      else { return nil }
      self.init(
        blockLength: block, keyLength: key, structureLength: structure, fingerprint: fields[4], indexChecksum: checksum)
      guard block + indexLength + endingLength == size else { return nil }
    }

    var bytes: [UInt8] {
      let fields = [
        signature, UInt64(blockLength), UInt64(keyLength), UInt64(structureLength), fingerprint, UInt64(indexChecksum),
        0,
      ]
      let bytes = unsafe fields.withUnsafeBytes { unsafe Array($0) }
      return unsafe bytes + withUnsafeBytes(of: UInt64(Checksum.of(bytes))) { unsafe Array($0) }
    }
  }
}

extension FileStatus {
  /// Whether nobody but this user can have written the file, or reads it.
  var isTrusted: Bool { kind == .regular && owner == geteuid() && permissions & 0o077 == 0 }
}
