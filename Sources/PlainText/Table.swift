/// Lays rows of cells out in columns, two spaces apart, without spaces at the ends of lines; a column without any text is
/// left out.
///
/// - Parameter leftAligned: The columns of text; the others hold numbers and are aligned to the right.
package func table(_ rows: [[String]], leftAligned: Set<Int>) -> String {
  let widths = (0..<(rows.map(\.count).max() ?? 0)).map { column in
    rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
  }
  return rows.map { row in
    var line = row.enumerated().filter { widths[$0.offset] > 0 }.map { column, cell in
      let padding = String(repeating: " ", count: widths[column] - cell.count)
      return leftAligned.contains(column) ? cell + padding : padding + cell
    }.joined(separator: "  ")
    while line.last == " " { line.removeLast() }
    return line
  }.joined(separator: "\n")
}

/// A line for each fact: its name, and what is said about it, which begins in the same column on all lines.
package func factSheet(_ facts: [(name: String, text: String)]) -> String {
  facts.map { fact in fact.name + String(repeating: " ", count: max(1, 14 - fact.name.count)) + fact.text }
    .joined(separator: "\n")
}
