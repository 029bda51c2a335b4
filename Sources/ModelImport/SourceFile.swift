#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A foreign file, whole in memory: what is read cannot change while it is read.
struct SourceFile: Sendable {
  let path: String
  let bytes: [UInt8]

  /// The last component of its path.
  var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }

  init(path: String, limit: Int) throws(ImportError) {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .file(path: path, reason: systemError()) }
    defer { _ = close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .file(path: path, reason: systemError()) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .file(path: path, reason: "not a regular file") }
    let size = Int(clamping: status.st_size)
    guard size <= limit else {
      throw .file(path: path, reason: "has \(size) bytes, more than the limit of \(limit)")
    }
    bytes = try [UInt8](unsafeUninitializedCapacity: size) { buffer, count throws(ImportError) in
      while count < size {
        let result = read(descriptor, buffer.baseAddress! + count, size - count)
        if result < 0, errno == EINTR { continue }
        guard result > 0 else {
          throw .file(path: path, reason: result == 0 ? "became shorter while it was read" : systemError())
        }
        count += result
      }
    }
  }
}

private func systemError() -> String { String(cString: strerror(errno)) }
