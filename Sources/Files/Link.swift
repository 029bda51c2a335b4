internal import PlainText

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where the symbolic links of a path lead, which may be to a name that no file has yet; the path itself where it is none.
package func targetOfLinks(_ path: String) -> String {
  var path = path
  // As many as Linux follows.
  for _ in 0..<40 {
    guard let target = targetOfLink(path) else { break }
    path = FileName.bytes(target).first == UInt8(ascii: "/") ? target : "\(folder(around: path))/\(target)"
  }
  return path
}

private func targetOfLink(_ path: String) -> String? {
  let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, initialized in
    let count = unsafe buffer.withMemoryRebound(to: CChar.self) { text in
      unsafe path.withFileName { unsafe readlink($0, text.baseAddress!, text.count) }
    }
    initialized = max(count, 0)
  }
  return bytes.isEmpty ? nil : FileName.string(bytes)
}
