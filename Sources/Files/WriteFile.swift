#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes a file, which need not be regular; the contents of one that is there are replaced.
package func writeFile(_ bytes: [UInt8], to path: String) throws(SystemError) {
  let descriptor = try openFile(path, O_WRONLY | O_CREAT | O_TRUNC, permissions: 0o666)
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    guard count >= 0 || errno == EINTR else {
      let error = SystemError.last
      close(descriptor)
      throw error
    }
    rest = rest.dropFirst(max(count, 0))
  }
  guard close(descriptor) == 0 else { throw .last }
}
