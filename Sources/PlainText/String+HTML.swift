extension String {
  /// As text, or as a quoted attribute, of HTML; printable, as names come from files.
  package var escapedForHTML: String {
    printableLines.unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      default: text.unicodeScalars.append(scalar)
      }
    }
  }
}
