/// Comma-separated values as RFC 4180 describes them: a field in double quotes may hold commas, ends of lines and, doubled,
/// quotes. Blanks before the first of its quotes are no part of it.
package enum SeparatedValues {
  /// The records with the numbers of their first lines, from 1; empty lines are left out.
  package static func records(_ text: String) throws(TruthError) -> [(line: Int, fields: [String])] {
    var records: [(line: Int, fields: [String])] = []
    var (fields, field) = ([String](), String.UnicodeScalarView())
    var (line, firstLine) = (1, 1)
    var (isQuoted, wasQuoted) = (false, false)
    var scalars = Substring.UnicodeScalarView(text.unicodeScalars)
    if scalars.first == "\u{feff}" { scalars.removeFirst() }

    func endField() {
      fields.append(String(field))
      field = .init()
      wasQuoted = false
    }
    func endRecord() {
      endField()
      if fields != [""] { records.append((firstLine, fields)) }
      fields = []
    }

    while let scalar = scalars.popFirst() {
      if scalar == "\n" { line += 1 }
      switch scalar {
      case "\"" where isQuoted && scalars.first == "\"":
        scalars.removeFirst()
        field.append("\"")
      case "\"" where isQuoted:
        (isQuoted, wasQuoted) = (false, true)
      case _ where isQuoted: field.append(scalar)
      case "\"" where !wasQuoted && field.allSatisfy({ $0 == " " || $0 == "\t" }):
        field = .init()
        isQuoted = true
      case ",": endField()
      case "\r" where scalars.first == "\n": continue
      case "\n":
        endRecord()
        firstLine = line
      case _ where wasQuoted: throw .line(line, reason: "text after a closing quote")
      default: field.append(scalar)
      }
    }
    guard !isQuoted else { throw .line(firstLine, reason: "a quote is not closed") }
    if !field.isEmpty || !fields.isEmpty { endRecord() }
    return records
  }
}
