internal import PlainText

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Makes a folder that only this user may read and write, and those around it that do not exist; none in a folder of another
/// user's, as it would be under `sudo` with the environment of whom it serves.
package func makePrivateFolder(_ path: String) throws(SystemError) {
  guard !isFolder(path) else { return }
  let around = folder(around: path)
  if !isFolder(around), around != path { try makePrivateFolder(around) }
  guard try FileStatus(of: around).owner == geteuid() else { throw SystemError(EPERM) }
  // Another process may make it at the same time.
  guard unsafe path.withFileName({ unsafe mkdir($0, 0o700) }) == 0 || errno == EEXIST else { throw .last }
}

/// The folder that a file or folder is in, by its path alone.
package func folder(around path: String) -> String {
  var bytes = FileName.bytes(path)
  while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
  guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "." }
  return slash == 0 ? "/" : FileName.string(bytes[..<slash])
}

/// Removes a file, or a link to one, if it is there.
package func removeFile(_ path: String) { unsafe path.withFileName { unsafe _ = unlink($0) } }
