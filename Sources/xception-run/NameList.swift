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
/// where the first part of the file with either, as it is read, has one. Empty names are left out, and so are a byte order mark and the
/// carriage returns of a file whose first line ends with one, as Windows writes them.
final class NameList {
  private let path: String
  private let descriptor: CInt
  /// Not yet taken, from `position` on.
  private var bytes: [UInt8] = []
  private var position = 0
  private var separator: UInt8?
  private var isAtEnd = false
  private var hasReturns: Bool?

  /// - Parameter path: - is standard input.
  init(_ path: String) throws(NameListError) {
    self.path = path == "-" ? "standard input" : path
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
        if let name = name(bytes[position..<end]) { return name }
      } else if isAtEnd {
        defer { position = bytes.count }
        return name(bytes[position...])
      } else {
        try read()
      }
    }
  }

  /// Nil where nothing is left of a line.
  private func name(_ line: ArraySlice<UInt8>) -> String? {
    var line = line
    if hasReturns == nil {
      hasReturns = separator == UInt8(ascii: "\n") && line.last == UInt8(ascii: "\r")
      if line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
    }
    if hasReturns == true, line.last == UInt8(ascii: "\r") { line = line.dropLast() }
    return line.isEmpty ? nil : FileName.string(line)
  }

  private func read() throws(NameListError) {
    bytes.removeSubrange(..<position)
    position = 0
    var part = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe part.withUnsafeMutableBytes { unsafe readBytes(descriptor, $0.baseAddress, $0.count) }
    guard count >= 0 else {
      if errno == EINTR { return }
      throw NameListError(path: path, error: .last)
    }
    isAtEnd = count == 0
    bytes += part[..<count]
    if separator == nil { separator = separator(in: part[..<count]) }
  }

  /// Nil where it is still open: who writes to a pipe may have got no further than half a name.
  private func separator(in part: ArraySlice<UInt8>) -> UInt8? {
    part.contains(0) ? 0 : isAtEnd || part.contains(UInt8(ascii: "\n")) ? UInt8(ascii: "\n") : nil
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
