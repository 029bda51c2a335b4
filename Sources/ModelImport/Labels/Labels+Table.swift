extension Labels {
  /// Lines such as `0 cat`, `1 dog` (Teachable Machine's `labels.txt`) or `0: cat`, in any order; nil where not all are so,
  /// or where the least number is another than 0 or 1: then the numbers belong to the names.
  static func numbered(_ lines: [String]) throws(ImportError) -> [String]? {
    var pairs: [(number: Int, label: String)] = []
    for line in lines {
      let digits = line.prefix { $0.isASCII && $0.isNumber }
      let rest = line.dropFirst(digits.count)
      guard let number = Int(digits), let separator = rest.first, separator.isWhitespace || ":,;\t".contains(separator)
      else { return nil }
      let label = trimmed(rest.dropFirst())
      guard !label.isEmpty else { return nil }
      pairs.append((number, label))
    }
    guard let least = pairs.map(\.number).min(), least <= 1 else { return nil }
    do throws(ImportError) {
      return try ordered(pairs, of: "the lines")
    } catch {
      guard case .labels(let reason) = error else { throw error }
      throw .labels(reason: reason + "; if the numbers belong to the names, give them as a list with commas or as JSON")
    }
  }

  /// A table with a column of numbers and one of names, with commas, semicolons or tabs; nil where it is none.
  static func table(_ lines: [String]) throws(ImportError) -> [String]? {
    for separator in [",", ";", "\t"] as [Character] {
      var rows = lines.map { fields(of: $0, separator) }
      guard let columns = rows.first?.count, columns > 1, rows.count > 1, rows.allSatisfy({ $0.count == columns })
      else { continue }
      let header = rows[0].map { $0.lowercased() }
      let names = ["label", "name", "class", "class_name", "classname", "display_name", "category"]
      let numbers = ["index", "id", "class_id", "label_id", "number", "idx", ""]
      let nameColumn = names.lazy.compactMap { header.firstIndex(of: $0) }.first
      let hasHeader = nameColumn != nil && header.allSatisfy { Int($0) == nil }
      if hasHeader { rows.removeFirst() }
      let numeric = (0..<columns).filter { column in rows.allSatisfy { Int($0[column]) != nil } }
      guard
        let number = numbers.lazy.compactMap({ header.firstIndex(of: $0) }).first(where: numeric.contains)
          ?? numeric.first
      else {
        // Names alone, as in "tench, Tinca tinca", are no table.
        guard hasHeader, let nameColumn else { continue }
        return rows.map { $0[nameColumn] }
      }
      guard let name = (hasHeader ? nameColumn : nil) ?? (0..<columns).last(where: { $0 != number }) else { continue }
      return try ordered(rows.map { (Int($0[number]) ?? -1, $0[name]) }, of: "the table")
    }
    return nil
  }

  /// The fields of a line of CSV (RFC 4180); quotes keep separators, two stand for one.
  private static func fields(of line: String, _ separator: Character) -> [String] {
    var fields: [String] = []
    var field = ""
    var isQuoted = false
    var previous: Character?
    for character in line {
      if character == "\"" {
        if !isQuoted, previous == "\"" { field.append("\"") }
        isQuoted.toggle()
      } else if character == separator, !isQuoted {
        fields.append(trimmed(field))
        field = ""
      } else {
        field.append(character)
      }
      previous = character
    }
    return fields + [trimmed(field)]
  }
}
