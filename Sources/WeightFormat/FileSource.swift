#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where a file's bytes are: an open descriptor, or memory. The only owner of both.
///
/// The sections and the blocks of compact files are read by `pread` into memory of our own, so what is used is what was
/// checked, and a file that another process shortens gives an error; decoding from a mapping instead was no faster (56 ms
/// either way for 91 MB of fp32 weights on one core). Tensors of the stored profile are mapped, as they are used in place:
/// there, shortening the file ends the process (SIGBUS), and a change after the check goes unnoticed.
final class FileSource: @unchecked Sendable {  // immutable after init; the mapping is only read
  let count: Int
  private let descriptor: Int32
  private var base: UnsafeRawPointer?

  /// Opens a regular file.
  init(path: String) throws(WeightFormatError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(errno, "open \(path)") }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw .system(code, "open \(path)")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw WeightFormatError(.system, "open \(path)", found: "it is no regular file", expected: "a regular file")
    }
    self.descriptor = descriptor
    count = Int(status.st_size)
  }

  /// Copies the bytes to memory that is aligned as the file's sections are.
  init(bytes: [UInt8]) {
    descriptor = -1
    count = bytes.count
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: Layout.alignment)
    memory.copyBytes(from: bytes)
    base = UnsafeRawPointer(memory.baseAddress)
  }

  deinit {
    if descriptor < 0 {
      base?.deallocate()
    } else {
      if let base { munmap(UnsafeMutableRawPointer(mutating: base), count) }
      close(descriptor)
    }
  }

  /// Makes all bytes readable in place; called before the source is shared.
  func map() throws(WeightFormatError) {
    guard base == nil, count > 0 else { return }
    guard let mapping = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), mapping != MAP_FAILED else {
      throw .system(errno, "map the file into memory")
    }
    base = UnsafeRawPointer(mapping)
  }

  /// The bytes in place, if they are mapped or in memory; the caller has checked the range.
  func inPlace(_ range: Range<Int>) -> UnsafeRawBufferPointer? {
    base.map { UnsafeRawBufferPointer(start: $0 + range.lowerBound, count: range.count) }
  }

  /// Gives the pages that lie within a mapped range back; they are read again from the file where they are needed.
  func release(_ range: Range<Int>) {
    guard descriptor >= 0, let base else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let first = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound == count ? count : range.upperBound / page * page
    if first < end { madvise(UnsafeMutableRawPointer(mutating: base + first), end - first, MADV_DONTNEED) }
  }

  /// Reads bytes to memory that has room for them.
  func read(_ range: Range<Int>, into destination: UnsafeMutableRawPointer) throws(WeightFormatError) {
    if let source = inPlace(range) {
      if let start = source.baseAddress { destination.copyMemory(from: start, byteCount: range.count) }
      return
    }
    var done = 0
    while done < range.count {
      let result = pread(descriptor, destination + done, range.count - done, off_t(range.lowerBound + done))
      if result < 0 {
        guard errno == EINTR else { throw .system(errno, "read \(range.count) bytes at \(range.lowerBound)") }
      } else if result == 0 {
        throw WeightFormatError(
          .truncated, at: range.lowerBound + done, "the file, while it was read", found: "its end",
          expected: "\(count) bytes")
      } else {
        done += result
      }
    }
  }

  func bytes(_ range: Range<Int>) throws(WeightFormatError) -> [UInt8] {
    var failure: WeightFormatError?
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      do throws(WeightFormatError) {
        if let start = buffer.baseAddress { try read(range, into: start) }
        count = range.count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }
}

extension WeightFormatError {
  /// - Parameter what: What the system refuses: "open" and a path, for instance.
  static func system(_ code: Int32, _ what: String) -> WeightFormatError {
    WeightFormatError(.system, what, found: String(cString: strerror(code)), expected: "success")
  }
}
