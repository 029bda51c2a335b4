#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Owns a block of memory for weights or an arena, zeroed or mapped from a file; unmapped with its last reference.
///
/// Memory from 2 MiB up starts on a huge page where the system has them: with pages of 4 KiB, a walk over the weights
/// misses the translation cache at every page.
@safe package final class AlignedMemory: @unchecked Sendable {
  // Unchecked: the pointer is constant; the plan and the executor decide who writes through it, and when.

  /// The memory; its start is aligned to at least 64 bytes.
  package let bytes: UnsafeMutableRawBufferPointer
  private let mapping: UnsafeMutableRawBufferPointer

  private static let hugePage = 2 << 20

  /// An end of the memory.
  package enum End: Sendable, CaseIterable {
    case start, end
  }

  /// The end of new memory that lies against an inaccessible page, for tests of out-of-bounds accesses.
  @TaskLocal package static var guardedEnd: End?

  /// - Parameter byteCount: At least 0.
  /// - Throws: Where the system has no memory left, or no address space.
  package init(byteCount: Int) throws(OutOfMemory) {
    precondition(byteCount >= 0, "a block of memory needs a size of at least 0, found \(byteCount)")
    if let end = Self.guardedEnd {
      unsafe (mapping, bytes) = try Self.guarded(byteCount: byteCount, end)
      return
    }
    let alignment = byteCount >= Self.hugePage ? Self.hugePage : 1
    let (size, overflow) = max(byteCount, 1).addingReportingOverflow(alignment - 1)
    guard !overflow, let start = unsafe Self.map(size) else { throw OutOfMemory(byteCount: byteCount) }
    unsafe mapping = UnsafeMutableRawBufferPointer(start: start, count: size)
    let address = UInt(bitPattern: start)
    let padding = Int((0 &- address) & UInt(alignment - 1))
    unsafe bytes = UnsafeMutableRawBufferPointer(start: start + padding, count: byteCount)
    #if os(Linux)
      if alignment > 1 { unsafe madvise(start + padding, byteCount, MADV_HUGEPAGE) }
    #endif
  }

  /// The first bytes of an open file, read-only and shared by all processes that map them.
  ///
  /// - Precondition: The file has that many bytes, and keeps them.
  /// - Throws: Where the system cannot map the file.
  package init(mapping descriptor: CInt, byteCount: Int) throws(OutOfMemory) {
    precondition(byteCount > 0, "a mapping needs a size of at least 1, found \(byteCount)")
    let alignment = byteCount >= Self.hugePage ? Self.hugePage : 1
    let (size, overflow) = byteCount.addingReportingOverflow(alignment - 1)
    // File systems that support huge pages map them where both ends of a page are aligned.
    guard !overflow, let start = unsafe Self.map(size) else { throw OutOfMemory(byteCount: byteCount) }
    unsafe mapping = UnsafeMutableRawBufferPointer(start: start, count: size)
    let padding = Int((0 &- UInt(bitPattern: start)) & UInt(alignment - 1))
    let place = unsafe mmap(start + padding, byteCount, PROT_READ, MAP_SHARED | MAP_FIXED, descriptor, 0)
    guard let place = unsafe place, unsafe place != MAP_FAILED else {
      unsafe munmap(start, size)
      throw OutOfMemory(byteCount: byteCount)
    }
    unsafe bytes = UnsafeMutableRawBufferPointer(start: place, count: byteCount)
  }

  /// The whole block as floats.
  var floats: BoundedPointer<Float> {
    let floats = unsafe bytes.bindMemory(to: Float.self)
    return unsafe BoundedPointer(floats.baseAddress!, count: floats.count)
  }

  private static func map(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    #if canImport(Darwin)
      let anonymous = MAP_ANON
    #else
      let anonymous = MAP_ANONYMOUS
    #endif
    let start = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | anonymous, -1, 0)
    return unsafe start == MAP_FAILED ? nil : start
  }

  /// Memory between two inaccessible pages, its start or its end at one of them; aligned only as far as its size
  /// allows.
  private static func guarded(
    byteCount: Int, _ end: End
  ) throws(OutOfMemory) -> (mapping: UnsafeMutableRawBufferPointer, bytes: UnsafeMutableRawBufferPointer) {
    let page = sysconf(Int32(_SC_PAGESIZE))
    let (padded, overflow) = byteCount.addingReportingOverflow(3 * page - 1)
    let size = padded / page * page
    guard !overflow, let start = unsafe map(size), unsafe mprotect(start, page, PROT_NONE) == 0,
      unsafe mprotect(start + (size - page), page, PROT_NONE) == 0
    else { throw OutOfMemory(byteCount: byteCount) }
    let offset = end == .start ? page : size - page - byteCount
    return unsafe (
      UnsafeMutableRawBufferPointer(start: start, count: size),
      UnsafeMutableRawBufferPointer(start: start + offset, count: byteCount)
    )
  }

  deinit { unsafe munmap(mapping.baseAddress!, mapping.count) }
}

/// The system refused a block of memory.
package struct OutOfMemory: Error, Hashable, CustomStringConvertible {
  package var byteCount: Int

  package var description: String { "the system has no \(byteCount) bytes of memory left" }
}
