internal import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file, pipe or terminal, read from its current position to its end.
package struct FileReading {
  /// For messages.
  let path: String
  let descriptor: CInt
  /// Bytes that tell what a file is.
  private static let start = 1 << 16

  /// All remaining bytes of a picture.
  ///
  /// - Throws: `ImageError.exceedsLimit` where there are more than `limit`: before reading where the system knows a
  ///   file's size, else as soon as more than that has been read. `ImageError.unknownFormat` where the first 64 KiB of more are
  ///   no picture's: what else is named like one may be as large as it likes.
  package func bytes(limit: Int) throws(ImageError) -> [UInt8] {
    let expected = try expectedSize(limit: limit)
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: Self.start)
    while true {
      if bytes.count >= Self.start, chunk.count == Self.start {
        _ = try ImageFormat(of: bytes)
        bytes.reserveCapacity(expected)
        chunk = [UInt8](repeating: 0, count: min(max(expected + 1 - bytes.count, Self.start + 1), 1 << 20))
      }
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        guard bytes.count + count <= limit else { throw .exceedsLimit(.bytes, found: limit + 1, limit: limit) }
        bytes.append(contentsOf: chunk[..<count])
      } else if count == 0 {
        return bytes
      } else if errno != EINTR {
        throw .unreadable(path: path, reason: "\(SystemError.last)")
      }
    }
  }

  /// The size of a regular file, 0 for anything else.
  private func expectedSize(limit: Int) throws(ImageError) -> Int {
    let status: FileStatus
    do throws(SystemError) {
      status = try FileStatus(of: descriptor)
    } catch {
      throw .unreadable(path: path, reason: "\(error)")
    }
    guard status.kind == .regular else { return 0 }
    guard status.size <= limit else { throw .exceedsLimit(.bytes, found: status.size, limit: limit) }
    return max(0, status.size)
  }

  /// An open file. It stays open.
  package init(descriptor: CInt) {
    self.init(path: descriptor == 0 ? "standard input" : "file descriptor \(descriptor)", descriptor: descriptor)
  }

  private init(path: String, descriptor: CInt) {
    self.path = path
    self.descriptor = descriptor
  }

  /// Opens the file at a path, reads it and closes it.
  package static func bytes(ofFileAt path: String, limit: Int) throws(ImageError) -> [UInt8] {
    guard !path.utf8.contains(0) else { throw .unreadable(path: path, reason: "the path contains a zero byte") }
    let descriptor: CInt
    do throws(SystemError) {
      descriptor = try openFile(path, O_RDONLY)
    } catch {
      throw .unreadable(path: path, reason: "\(error)")
    }
    defer { _ = close(descriptor) }
    return try FileReading(path: path, descriptor: descriptor).bytes(limit: limit)
  }
}
