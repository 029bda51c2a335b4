internal import PlainText

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Opens the file of a name and returns its descriptor, which programs that this one starts do not get.
package func openFile(_ path: String, _ flags: CInt, permissions: mode_t = 0) throws(SystemError) -> CInt {
  while true {
    let descriptor = unsafe path.withFileName { unsafe open($0, flags | O_CLOEXEC, permissions) }
    if descriptor >= 0 { return descriptor }
    guard errno == EINTR else { throw .last }
  }
}

/// The names in a folder, without those of itself and of the folder around it, in no order.
package func namesInFolder(_ path: String) throws(SystemError) -> [String] {
  guard let folder = unsafe path.withFileName({ unsafe opendir($0) }) else { throw .last }
  defer { unsafe closedir(folder) }
  var names: [String] = []
  errno = 0
  while let entry = unsafe readdir(folder) {
    // Not the field itself, which is declared longer than the entry is.
    let start = unsafe UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \.d_name)!
    let name = unsafe FileName.string(cString: start.assumingMemoryBound(to: CChar.self))
    if name != ".", name != ".." { names.append(name) }
    errno = 0
  }
  guard errno == 0 else { throw .last }
  return names
}
