import PlainText
import Xception

/// The record of one image in a table (RFC 4180), with columns for as many classes as are asked for. It holds names as
/// `FileName` does, so that the file has their bytes, be they UTF-8 or not.
enum CSVResult {
  static func header(classes: Int) -> String {
    line(["image", "error"] + (1...classes).flatMap { ["class_\($0)", "label_\($0)", "probability_\($0)"] })
  }

  static func line(image: String, _ predictions: [Prediction]) -> String {
    line([image, ""] + predictions.flatMap { ["\($0.classIndex)", label($0), "\($0.probability)"] })
  }

  static func line(image: String, error: String, classes: Int) -> String {
    line([image, error] + [String](repeating: "", count: 3 * classes))
  }

  private static func line(_ fields: [String]) -> String { fields.map(quoted).joined(separator: ",") }

  /// A label is no name of a file: none of its scalars stands for a byte.
  private static func label(_ prediction: Prediction) -> String { FileName.string((prediction.label ?? "").utf8) }

  private static func quoted(_ field: String) -> String {
    guard field.utf8.contains(where: { [34, 44, 10, 13].contains($0) }) else { return field }
    // Not of characters: a quote and an accent that follows it are another one.
    return field.unicodeScalars.reduce(into: "\"") { text, scalar in
      if scalar == "\"" { text.unicodeScalars.append(scalar) }
      text.unicodeScalars.append(scalar)
    } + "\""
  }

  /// The fields of a record that `line` made; nil where it is none.
  static func fields(_ record: [UInt8]) -> [String]? {
    var fields: [[UInt8]] = [[]]
    var isQuoted = false
    var index = 0
    while index < record.count {
      let byte = record[index]
      index += 1
      switch byte {
      case 34 where isQuoted && index < record.count && record[index] == 34:
        fields[fields.count - 1].append(34)
        index += 1
      case 34: isQuoted.toggle()
      case 44 where !isQuoted: fields.append([])
      default: fields[fields.count - 1].append(byte)
      }
    }
    return isQuoted ? nil : fields.map { FileName.string($0) }
  }
}
