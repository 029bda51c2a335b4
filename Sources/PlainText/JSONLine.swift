#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A value as one JSON object on one line, its keys sorted.
///
/// What would control a terminal is escaped, as JSON lets it be. Bytes of names that are not UTF-8 (see `FileName`), which JSON
/// cannot hold, are shown as `\\xHH` in the text.
package func jsonLine(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self).escapedInJSON
}

extension String {
  /// The encoder leaves U+007F to U+009F as they are.
  fileprivate var escapedInJSON: String {
    let controls: ClosedRange<UInt32> = 0x7f...0x9f
    guard unicodeScalars.contains(where: { controls.contains($0.value) || FileName.byteScalars.contains($0.value) })
    else { return self }
    return unicodeScalars.reduce(into: "") { text, scalar in
      if controls.contains(scalar.value) {
        text += "\\u00\(String(scalar.value, radix: 16))"
      } else if FileName.byteScalars.contains(scalar.value) {
        text += "\\\\x\(String(scalar.value & 0xff, radix: 16))"
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
  }
}
