internal import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where a file's bytes are: an open descriptor, or memory. The only owner of both.
///
/// All is read by `pread` into memory of our own, so what is used is what was checked, and a file that another process
/// shortens gives an error. A mapping was no faster: 56 ms either way to decode 91 MB of fp32 weights on one core, and of
/// the stored profile 22 ms on two cores instead of 20 to check and pack them, as mapping pages takes longer than copying them.
@safe final class FileSource: @unchecked Sendable {  // immutable; the memory is only read
  let count: Int
  /// Of the file when it was opened; nil for memory.
  let identity: FileIdentity?
  private let descriptor: Int32
  private let base: UnsafeRawPointer?

  /// Opens a regular file.
  convenience init(path: String) throws(WeightFormatError) {
    let descriptor: CInt
    do throws(SystemError) {
      // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
      descriptor = try openFile(path, O_RDONLY | O_NONBLOCK)
    } catch {
      throw .system(error.code, "open \(path)")
    }
    try self.init(owning: descriptor, path: path)
  }

  /// What has been written to a new file so far.
  convenience init(rereading file: borrowing AtomicFile) throws(WeightFormatError) {
    let descriptor = fcntl(file.descriptor, F_DUPFD_CLOEXEC, 0)
    guard descriptor >= 0 else { throw .system(errno, "read \(file.path)") }
    try self.init(owning: descriptor, path: file.path)
  }

  private init(owning descriptor: CInt, path: String) throws(WeightFormatError) {
    self.descriptor = descriptor
    unsafe base = nil
    let status: FileStatus
    do throws(SystemError) {
      status = try FileStatus(of: descriptor)
    } catch {
      close(descriptor)
      throw .system(error.code, "open \(path)")
    }
    guard status.kind == .regular else {
      close(descriptor)
      throw WeightFormatError(.system, "open \(path)", found: "it is no regular file", expected: "a regular file")
    }
    count = status.size
    identity = status.identity
  }

  /// Copies the bytes to memory that is aligned as the file's sections are.
  init(bytes: [UInt8]) {
    descriptor = -1
    count = bytes.count
    identity = nil
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: FormatConstants.alignment)
    unsafe memory.copyBytes(from: bytes)
    unsafe base = UnsafeRawPointer(memory.baseAddress)
  }

  deinit {
    unsafe base?.deallocate()
    if descriptor >= 0 { close(descriptor) }
  }

  /// Whether the file is as it was when it was opened.
  var isUnchanged: Bool { identity == (try? FileStatus(of: descriptor))?.identity }

  /// Reads bytes to memory that has room for them.
  func read(_ range: Range<Int>, into destination: UnsafeMutableRawPointer) throws(WeightFormatError) {
    assert(range.lowerBound >= 0 && range.upperBound <= count, "what is read is within the file")
    if let base = unsafe base {
      return unsafe destination.copyMemory(from: base + range.lowerBound, byteCount: range.count)
    }
    var done = 0
    while done < range.count {
      let result = unsafe pread(descriptor, destination + done, range.count - done, off_t(range.lowerBound + done))
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
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      do throws(WeightFormatError) {
        if let start = buffer.baseAddress { try unsafe read(range, into: start) }
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
    WeightFormatError(
      .system, section: nil, offset: nil, what: what, found: "\(SystemError(code))", expected: "success",
      systemCode: code)
  }
}
