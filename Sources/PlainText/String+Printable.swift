extension String {
  /// Without characters that control a terminal: names come from files.
  package var printable: String {
    unicodeScalars.reduce(into: "") { text, scalar in
      let isControl = scalar.properties.generalCategory == .control
      text += isControl ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    }
  }
}
