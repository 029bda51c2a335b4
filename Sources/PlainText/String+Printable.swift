extension String {
  /// Without characters that control a terminal: names come from files. Bytes that are not UTF-8 (see `FileName`) are shown
  /// in hexadecimal.
  package var printable: String { escaped { _ in false } }

  /// The same for a text of several lines, of which the parts may be names.
  package var printableLines: String { escaped { $0 == "\n" } }

  /// As JSON has it (see `jsonLine`): bytes of a name that are not UTF-8 are shown in hexadecimal, and nothing else is changed.
  package var showingBytes: String { utf8.contains(FileName.firstOfByteScalars) ? escaped { $0.isControl } : self }

  private func escaped(except isKept: (Unicode.Scalar) -> Bool) -> String {
    guard unicodeScalars.contains(where: { $0.isControl && !isKept($0) || $0.isByteOfName }) else { return self }
    return unicodeScalars.reduce(into: "") { text, scalar in
      if scalar.isByteOfName {
        text += "\\x\(String(scalar.value & 0xff, radix: 16))"
      } else if scalar.isControl, !isKept(scalar) {
        text += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
  }
}

extension Unicode.Scalar {
  fileprivate var isControl: Bool { properties.generalCategory == .control }
  fileprivate var isByteOfName: Bool { FileName.byteScalars.contains(value) }
}
