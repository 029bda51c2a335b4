/// The names of the classes, as they are given beside a model.
package enum Labels {
  /// Reads labels from an argument: the path of a file, or a list with commas.
  ///
  /// A file has one label a line, or is a JSON array of strings, or is a JSON object from index to label, where a list
  /// such as `["n01440764", "tench"]` (Keras's `imagenet_class_index.json`) stands for its last element.
  package static func read(_ argument: String) throws(ImportError) -> [String] {
    do throws(ImportError) {
      return try parse(ForeignFile(path: argument, limit: 1 << 26).bytes.array)
    } catch {
      guard argument.contains(","), case .file = error else { throw error }
      return try checked(
        argument.split(separator: ",", omittingEmptySubsequences: false).map { trimmed($0) })
    }
  }

  static func parse(_ bytes: [UInt8]) throws(ImportError) -> [String] {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .labels(reason: "the file is not UTF-8") }
    switch text.first(where: { !$0.isWhitespace }) {
    case "["?, "{"?: return try checked(try labels(of: try JSONParser.parse(bytes)))
    default:
      var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { trimmed($0) }
      if lines.last == "" { lines.removeLast() }
      return try checked(lines)
    }
  }

  private static func labels(of json: JSON) throws(ImportError) -> [String] {
    switch json {
    case .array(let values):
      let labels = values.compactMap(\.string)
      guard labels.count == values.count else { throw .labels(reason: "the JSON array holds more than strings") }
      return labels
    case .object(let members):
      var labels: [String] = []
      for index in 0..<members.count {
        guard let member = members["\(index)"] else {
          throw .labels(reason: "the JSON object of \(members.count) members has none named \"\(index)\"")
        }
        guard let label = member.string ?? member.array?.last?.string else {
          throw .labels(reason: "member \"\(index)\" of the JSON object is \(member.text), expected a label")
        }
        labels.append(label)
      }
      return labels
    default: throw .labels(reason: "expected a JSON array or object")
    }
  }

  private static func checked(_ labels: [String]) throws(ImportError) -> [String] {
    if labels.isEmpty { throw .labels(reason: "there are none") }
    if let index = labels.firstIndex(of: "") { throw .labels(reason: "label \(index) is empty") }
    return labels
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    let start = text.drop(while: \.isWhitespace)
    return String(start.reversed().drop(while: \.isWhitespace).reversed())
  }
}
