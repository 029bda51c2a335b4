import CommandSupport
import Evaluation
import PlainText

/// A confusion matrix as SVG, a square for each pair of classes that occurred. Up to 40 classes are named beside their rows
/// and above their columns; of more, names would be too small to read.
struct MatrixPicture {
  let text: String
  private static let namedClasses = 40
  /// In pixels: how high a name's letters are, and how wide on average.
  private static let (letterHeight, letterWidth) = (12, 7)
  /// In letters; the squares have the whole names as titles.
  private static let longestName = 24

  init(_ matrix: ConfusionMatrix, names: (Int) -> String) {
    let shown = (0..<matrix.classCount).filter { matrix.support[$0] > 0 || matrix.predicted[$0] > 0 }
    let isNamed = shown.count <= Self.namedClasses
    // In pixels, where there are names: letters fit a row.
    let side = isNamed ? max(16, min(40, 560 / max(shown.count, 1))) : 1
    let labels = isNamed ? shown.map { Terminal.cut(names($0).printable, to: Self.longestName) } : []
    let margin = isNamed ? (labels.map(Terminal.width).max() ?? 0) * Self.letterWidth + 10 : 0
    let places = Dictionary(uniqueKeysWithValues: shown.enumerated().map { ($0.element, margin + $0.offset * side) })
    let squares = matrix.cells.map { pair, count in
      let share = Double(count) / Double(matrix.support[pair.truth])
      // Never white: a single picture among thousands is seen too.
      let opacity = (0.08 + 0.92 * share).rounded(decimals: 3)
      return """
        <rect x="\(places[pair.predicted] ?? 0)" y="\(places[pair.truth] ?? 0)" width="\(side)" height="\(side)" \
        fill="\(pair.truth == pair.predicted ? "#1b6e3c" : "#b3261e")" fill-opacity="\(opacity)">\
        <title>\(names(pair.truth).escapedForHTML) taken for \(names(pair.predicted).escapedForHTML): \(count) of \
        \(matrix.support[pair.truth])</title></rect>
        """
    }
    let width = margin + shown.count * side
    text = """
      <svg class="matrix"\(isNamed ? " style=\"width:\(width)px\"" : "") viewBox="0 0 \(width) \(width)">
      <g shape-rendering="crispEdges">
      \(squares.joined(separator: "\n"))
      </g>
      \(Self.texts(labels, side: side, margin: margin))
      </svg>
      """
  }

  /// The names of rows to the left of them, of columns upwards above them.
  private static func texts(_ labels: [String], side: Int, margin: Int) -> String {
    labels.enumerated().map { place, label in
      let (baseline, name) = (margin + place * side + side / 2 + letterHeight / 3, label.escapedForHTML)
      return """
        <text class="row" x="\(margin - 5)" y="\(baseline)" text-anchor="end">\(name)</text>
        <text class="column" transform="translate(\(baseline) \(margin - 5)) rotate(-90)">\(name)</text>
        """
    }.joined(separator: "\n")
  }
}
