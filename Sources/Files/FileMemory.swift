#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Read-only bytes that stay where they are: a mapped file, or an array. The only owner of both.
///
/// A file that another process shortens while it is mapped ends this process when the missing part is read.
@safe package final class FileMemory: @unchecked Sendable {  // immutable; the mapping is only read
  @safe private enum Storage {
    case mapping(UnsafeRawBufferPointer)
    case array([UInt8])
  }

  private let storage: Storage

  package init(_ bytes: [UInt8]) { storage = .array(bytes) }

  /// Maps a regular file; reads anything else (a pipe, or a file system that cannot map) into memory.
  ///
  /// - Parameter limit: How many bytes the file may have.
  package init(path: String, limit: Int) throws(FileError) {
    func failure(_ reason: String) -> FileError { FileError(path: path, reason: reason) }
    let descriptor: CInt
    let status: FileStatus
    do throws(SystemError) {
      // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
      descriptor = try openFile(path, O_RDONLY | O_NONBLOCK)
      status = try FileStatus(of: descriptor)
    } catch {
      throw failure("\(error)")
    }
    defer { _ = close(descriptor) }
    if status.kind == .regular {
      guard status.size <= limit else { throw failure("has \(status.size) bytes, more than the limit of \(limit)") }
      if status.size > 0, let start = unsafe mmap(nil, status.size, PROT_READ, MAP_PRIVATE, descriptor, 0),
        unsafe start != MAP_FAILED
      {
        unsafe storage = .mapping(UnsafeRawBufferPointer(start: start, count: status.size))
        return
      }
    }
    storage = .array(try Self.contents(of: descriptor, limit: limit, failure))
  }

  deinit {
    if case .mapping(let bytes) = storage {
      unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }
  }

  /// All of it.
  package var bytes: FileBytes { FileBytes(memory: self, range: 0..<count) }

  private var count: Int {
    switch storage {
    case .mapping(let bytes): bytes.count
    case .array(let bytes): bytes.count
    }
  }

  func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch storage {
    case .mapping(let bytes): try unsafe body(bytes)
    case .array(let bytes):
      try unsafe bytes.withUnsafeBufferPointer { buffer throws(Failure) in
        try unsafe body(UnsafeRawBufferPointer(buffer))
      }
    }
  }

  private static func contents(
    of descriptor: Int32, limit: Int, _ failure: (String) -> FileError
  ) throws(FileError) -> [UInt8] {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
    var contents: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe block.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure("\(SystemError.last)") }
      if count == 0 { return contents }
      guard count <= limit - contents.count else { throw failure("has more than the limit of \(limit) bytes") }
      contents += block[..<count]
    }
  }
}
