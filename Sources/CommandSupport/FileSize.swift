#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The size of a file in bytes.
package func fileSize(of path: String) throws -> Int {
  var status = stat()
  guard unsafe stat(path, &status) == 0 else { throw FileSizeError(path: path, code: errno) }
  return Int(status.st_size)
}

private struct FileSizeError: Error, CustomStringConvertible {
  var path: String
  var code: CInt
  var description: String { unsafe "\(path): \(String(cString: strerror(code)))" }
}

/// Whether two paths lead to one file.
package func isSameFile(_ first: String, _ second: String) -> Bool {
  var (a, b) = (stat(), stat())
  return unsafe stat(first, &a) == 0 && stat(second, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino
}
