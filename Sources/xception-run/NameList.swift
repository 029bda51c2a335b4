import Files
import PlainText

#if canImport(Glibc)
  @unsafe @preconcurrency import Glibc
#elseif canImport(Musl)
  @unsafe @preconcurrency import Musl
#elseif canImport(Darwin)
  @unsafe @preconcurrency import Darwin
#endif

/// The names in a file or pipe, as `ls`, or `find -print0`, writes them: each ends with a newline, or each with a zero byte
/// where the first part of the file that is read has one. Empty names are left out.
final class NameList {
  private let descriptor: CInt
  /// Not yet taken, from `position` on.
  private var bytes: [UInt8] = []
  private var position = 0
  private var separator: UInt8?
  private var isAtEnd = false

  /// - Parameter path: - is standard input.
  init(_ path: String) throws(NameListError) {
    do throws(SystemError) {
      descriptor = path == "-" ? 0 : try openFile(path, O_RDONLY)
    } catch {
      throw NameListError(path: path, error: error)
    }
  }

  deinit { if descriptor > 0 { close(descriptor) } }

  func next() throws(NameListError) -> String? {
    while true {
      if let separator, let end = bytes[position...].firstIndex(of: separator) {
        defer { position = end + 1 }
        if end > position { return FileName.string(bytes[position..<end]) }
      } else if isAtEnd {
        defer { position = bytes.count }
        return position < bytes.count ? FileName.string(bytes[position...]) : nil
      } else {
        try read()
      }
    }
  }

  private func read() throws(NameListError) {
    bytes.removeSubrange(..<position)
    position = 0
    var part = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe part.withUnsafeMutableBytes { unsafe readBytes(descriptor, $0.baseAddress, $0.count) }
    guard count >= 0 else {
      if errno == EINTR { return }
      throw NameListError(path: descriptor == 0 ? "standard input" : "the list", error: .last)
    }
    isAtEnd = count == 0
    bytes += part[..<count]
    separator = separator ?? (bytes.contains(0) ? 0 : UInt8(ascii: "\n"))
  }
}

/// In a class with a method `read` the system's is hidden.
private func readBytes(_ descriptor: CInt, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  unsafe read(descriptor, bytes, count)
}

/// A list of names that cannot be read.
struct NameListError: Error, CustomStringConvertible {
  var path: String
  var error: SystemError
  var description: String { "cannot read the names in \(path.printable): \(error)" }
}
