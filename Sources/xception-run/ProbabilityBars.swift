import CommandSupport
import PlainText
import Xception

/// Probabilities with bars beside them, in lines that fit a terminal.
///
/// There are no colors: the bars show enough.
struct ProbabilityBars {
  /// The longest bar: longer ones are harder to compare.
  static let longest = 40
  /// A shorter one says nothing; then there are none.
  static let shortest = 8

  var columns: Int
  /// Blocks in eighths of a column, else number signs.
  var usesBlocks = Terminal.isUTF8

  func lines(_ predictions: [Prediction]) -> [String] {
    let room = max(columns - 11, 1)
    let names = predictions.map { Terminal.cut($0.name.printable, to: room) }
    let width = names.map(Terminal.width).max() ?? 0
    let length = min(room - width - 2, Self.longest)
    return zip(predictions, names).map { prediction, name in
      let line = prediction.percentage + " " + name
      guard length >= Self.shortest else { return line }
      let bar = bar(Double(prediction.probability), length: length)
      return bar.isEmpty ? line : line + String(repeating: " ", count: width - Terminal.width(name) + 2) + bar
    }
  }

  private func bar(_ part: Double, length: Int) -> String {
    let part = min(max(part, 0), 1)
    guard usesBlocks else { return String(repeating: "#", count: Int((part * Double(length)).rounded())) }
    let eighths = Int((part * Double(8 * length)).rounded())
    return String(repeating: "█", count: eighths / 8) + ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
  }
}
