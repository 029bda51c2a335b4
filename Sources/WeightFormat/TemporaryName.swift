internal import Files
internal import PlainText

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The name that a new file has beside its destination until it takes its place: `NAME.tmp-` and 16 hexadecimal digits.
///
/// The process that writes a file of such a name holds a lock on it, so that another can tell whether it is still written.
struct TemporaryName {
  let folder: String
  private let path: String
  /// All temporary names for one destination begin with it.
  private let prefix: String

  private static let digitCount = 16
  /// The longest name that file systems have, in bytes.
  private static let longestName = 255

  init(for destination: String) {
    folder = Self.folder(of: destination)
    let bytes = FileName.bytes(destination)
    let start = bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
    let ending = Array(".tmp-".utf8)
    let room = Self.longestName - ending.count - Self.digitCount
    prefix = FileName.string(bytes[start...].prefix(room) + ending)
    let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
    path =
      FileName.string(bytes[..<start]) + prefix + String(repeating: "0", count: Self.digitCount - digits.count) + digits
  }

  static func folder(of path: String) -> String {
    let bytes = FileName.bytes(path)
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == 0 ? "/" : FileName.string(bytes[..<slash])
  }

  /// Makes a file of this name; a signal that ends the process removes it.
  ///
  /// - Returns: Its descriptor, which holds its lock.
  func create() throws(SystemError) -> CInt {
    removeOnSignal(path)
    do throws(SystemError) {
      while true {
        let descriptor = try openFile(path, O_RDWR | O_CREAT | O_EXCL, permissions: 0o666)
        Self.lock(descriptor)
        // Another process may have locked it first, and mistaken it for one that was left behind.
        if try FileStatus(of: descriptor).hasName { return descriptor }
        close(descriptor)
      }
    } catch {
      keepOnSignal()
      throw error
    }
  }

  /// Gives this name to a file that has none.
  func give(to descriptor: CInt) throws(SystemError) {
    Self.lock(descriptor)
    removeOnSignal(path)
    do throws(SystemError) {
      try UnnamedFile.name(descriptor, path)
    } catch {
      keepOnSignal()
      throw error
    }
  }

  /// Not every file system has locks; where there are none, files that were left behind stay.
  private static func lock(_ descriptor: CInt) {
    while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
  }

  /// Renames the file of this name, in place of the one that has the other name.
  func become(_ destination: String) throws(SystemError) {
    let result = unsafe path.withFileName { old in
      unsafe destination.withFileName { unsafe rename(old, $0) }
    }
    guard result == 0 else { throw .last }
    keepOnSignal()
  }

  func remove() {
    Self.remove(path)
    keepOnSignal()
  }

  private static func remove(_ path: String) { unsafe path.withFileName { unsafe _ = unlink($0) } }

  /// Removes files left behind by processes that were killed while they wrote to the same destination.
  func removeStale() {
    guard let names = try? namesInFolder(folder) else { return }
    for name in names where isTemporary(name) {
      let path = folder + "/" + name
      guard (try? FileStatus(of: path, followsLink: false))?.kind == .regular,
        let descriptor = try? openFile(path, O_RDONLY | O_NONBLOCK)
      else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { Self.remove(path) }
      close(descriptor)
    }
  }

  private func isTemporary(_ name: String) -> Bool {
    let (bytes, prefix) = (Array(name.utf8), Array(prefix.utf8))
    return bytes.count == prefix.count + Self.digitCount && bytes.starts(with: prefix)
      && bytes.suffix(Self.digitCount).allSatisfy { $0 < 0x80 && Character(Unicode.Scalar($0)).isHexDigit }
  }
}
