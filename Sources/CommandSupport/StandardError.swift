internal import PlainText

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where the commands print errors and progress.
package struct StandardError: TextOutputStream {
  package init() {}

  package func write(_ string: String) {
    var bytes = Array(string.utf8)[...]
    while !bytes.isEmpty {
      let written = unsafe bytes.withUnsafeBytes { unsafe platformWrite(2, $0.baseAddress, $0.count) }
      guard written > 0 else { return }
      bytes = bytes.dropFirst(written)
    }
  }

  /// Prints a line or several; what controls a terminal is escaped.
  package static func print(_ text: String) { StandardError().write(text.printableLines + "\n") }

  /// Whether it is a terminal, where a progress bar makes sense.
  package static var isTerminal: Bool { isatty(2) != 0 }
}

private func platformWrite(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  unsafe write(descriptor, bytes, count)
}
