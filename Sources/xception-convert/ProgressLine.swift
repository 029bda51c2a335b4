#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// One line on standard error that says what is being done, where that is a terminal.
final class ProgressLine {
  private let isShown: Bool
  private var last = ""

  init(isShown: Bool) { self.isShown = isShown && isatty(STDERR_FILENO) == 1 }

  /// - Parameter part: What part of it is done, 0 to 1; a bar shows it where it is above 0.
  func show(_ text: String, part: Double = 0) {
    guard isShown else { return }
    var line = text
    if part > 0 {
      let filled = Int(min(part, 1) * 30)
      line += " [" + String(repeating: "#", count: filled) + String(repeating: " ", count: 30 - filled) + "]"
    }
    guard line != last else { return }
    last = line
    write("\r\u{1b}[K" + line)
  }

  /// Removes the line.
  func clear() {
    if isShown, !last.isEmpty { write("\r\u{1b}[K") }
    last = ""
  }

  private func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      #if canImport(Glibc)
        _ = Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
      #elseif canImport(Musl)
        _ = Musl.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
      #else
        _ = Darwin.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
      #endif
    }
  }
}
