/// One line on standard error that says what is being done, where that is a terminal.
package final class ProgressLine {
  private let isShown: Bool
  private var last = ""

  package init(isShown: Bool) { self.isShown = isShown && StandardError.isTerminal }

  /// - Parameter part: What part of it is done, 0 to 1; a bar shows it where it is above 0.
  package func show(_ text: String, part: Double = 0) {
    guard isShown else { return }
    var line = text
    if part > 0 {
      let filled = Int(min(part, 1) * 30)
      line += " [" + String(repeating: "#", count: filled) + String(repeating: " ", count: 30 - filled) + "]"
    }
    guard line != last else { return }
    last = line
    StandardError().write("\r\u{1b}[K" + Terminal.cut(line, to: (Terminal.columns(of: 2) ?? 81) - 1))
  }

  /// Removes the line.
  package func clear() {
    if isShown, !last.isEmpty { StandardError().write("\r\u{1b}[K") }
    last = ""
  }
}
