internal import Files

/// The size of a file in bytes.
package func fileSize(of path: String) throws -> Int {
  do throws(SystemError) {
    return try FileStatus(of: path).size
  } catch {
    throw FileSizeError(path: path, reason: error)
  }
}

private struct FileSizeError: Error, CustomStringConvertible {
  var path: String
  var reason: SystemError
  var description: String { "\(path): \(reason)" }
}

/// Whether two paths lead to one file.
package func isSameFile(_ first: String, _ second: String) -> Bool {
  guard let first = try? FileStatus(of: first), let second = try? FileStatus(of: second) else { return false }
  return first.isOfSameFile(as: second)
}
