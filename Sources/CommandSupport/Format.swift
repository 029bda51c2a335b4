extension Double {
  /// With a fixed number of decimals: `2.50`.
  package func rounded(decimals: Int) -> String {
    guard isFinite else { return "\(self)" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let digits = String(Int((magnitude * scale).rounded()))
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let sign = self < 0 ? "-" : ""
    return decimals == 0 ? sign + padded : sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }
}

/// Lays rows of cells out in columns, two spaces apart, without trailing spaces.
///
/// - Parameter leftAligned: The columns of text; the others hold numbers and are aligned to the right.
package func table(_ rows: [[String]], leftAligned: Set<Int>) -> String {
  let widths = (0..<(rows.map(\.count).max() ?? 0)).map { column in
    rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
  }
  return rows.map { row in
    var line = row.enumerated().map { column, cell in
      let padding = String(repeating: " ", count: widths[column] - cell.count)
      return leftAligned.contains(column) ? cell + padding : padding + cell
    }.joined(separator: "  ")
    while line.last == " " { line.removeLast() }
    return line
  }.joined(separator: "\n")
}

/// In units of 10^6 bytes: `22.9 MB`; fewer than 100,000 are counted.
package func megabytes(_ bytes: Int) -> String {
  let tenths = (bytes + 50_000) / 100_000
  return bytes < 100_000 ? "\(bytes) bytes" : "\(tenths / 10).\(tenths % 10) MB"
}
