#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A new file that takes its name only when it is whole.
///
/// It is written beside its destination under a temporary name, `NAME.tmp-` and 16 digits. `commit()` makes it durable
/// and renames it; until then the old file stays, and where this value goes away before, the temporary file is removed.
/// A process that is killed leaves the temporary file behind, which nothing reads.
struct AtomicFile: ~Copyable {
  let path: String
  let temporaryPath: String
  private let descriptor: Int32
  private var isCommitted = false

  /// Refuses a path of a device, a pipe or a folder: renaming would put a file in a device's place.
  static func checkReplaceable(_ path: String) throws(WeightFormatError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, ![S_IFREG, S_IFLNK].contains(status.st_mode & S_IFMT) else { return }
    throw WeightFormatError(.system, "replace \(path)", found: "it is no regular file", expected: "a regular file")
  }

  init(replacing path: String) throws(WeightFormatError) {
    self.path = path
    let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
    temporaryPath = path + ".tmp-" + String(repeating: "0", count: 16 - digits.count) + digits
    descriptor = unsafe open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .system(errno, "create \(path)") }
  }

  deinit {
    close(descriptor)
    if !isCommitted { unsafe unlink(temporaryPath) }
  }

  /// Writes all bytes at an offset.
  func write(_ bytes: [UInt8], at offset: Int) throws(WeightFormatError) {
    let code = unsafe bytes.withUnsafeBytes { buffer -> Int32 in
      var done = 0
      while done < buffer.count {
        let result = unsafe pwrite(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
        if result < 0 {
          if errno != EINTR { return errno }
        } else {
          done += result
        }
      }
      return 0
    }
    guard code == 0 else { throw .system(code, "write \(path)") }
  }

  /// Makes the file durable and gives it its name, in place of the file that had it.
  mutating func commit() throws(WeightFormatError) {
    guard fsync(descriptor) == 0 else { throw .system(errno, "write \(path)") }
    guard unsafe rename(temporaryPath, path) == 0 else { throw .system(errno, "replace \(path)") }
    isCommitted = true
    let folder = unsafe open(Self.folder(of: path), O_RDONLY | O_CLOEXEC)
    guard folder >= 0 else { return }  // a folder that may be written but not read cannot be synchronized
    defer { close(folder) }
    guard fsync(folder) == 0 || errno == EINVAL else { throw .system(errno, "write the folder of \(path)") }
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
