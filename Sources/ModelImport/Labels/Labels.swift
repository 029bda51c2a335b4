import Files
import PlainText

/// The names of the classes, as they are given beside a model.
package enum Labels {
  /// In which order the folders of a folder are the classes.
  package enum Order: String, CaseIterable, Sendable {
    /// By their characters' numbers, as Python's `sorted` and so Keras's loaders: 1, 10, 2.
    case characters
    /// Runs of digits by their value, as timm's: 1, 2, 10.
    case natural
  }

  /// In bytes. Of lines of one letter, 4 MiB take 200 MB and 18 s without optimization.
  private static let largestFile = 1 << 23

  /// Reads labels from an argument: the path of a file or of a folder of class folders, or a list with commas.
  ///
  /// A file has one label a line, with or without its number before it, or is a table of numbers and names (CSV), or JSON: a
  /// list of names or of objects with names, an object from number to name or from name to number, or one that holds such
  /// an object as `id2label` or `labels`. A list such as `["n01440764", "tench"]` (Keras's `imagenet_class_index.json`)
  /// stands for its last element.
  package static func read(_ argument: String, order: Order = .characters) throws(ImportError) -> [String] {
    if let folders = try classFolders(of: argument, order) { return try checked(folders) }
    do throws(ImportError) {
      return try parse(ForeignFile(path: argument, limit: largestFile).bytes.array)
    } catch {
      guard argument.contains(","), case .file = error else { throw error }
      return try checked(argument.split(separator: ",", omittingEmptySubsequences: false).map { trimmed($0) })
    }
  }

  static func parse(_ bytes: [UInt8]) throws(ImportError) -> [String] {
    let text = try decoded(bytes)
    switch text.first(where: { !$0.isWhitespace }) {
    case "["?, "{"?: return try checked(try labels(of: try JSONParser.parse(Array(text.utf8))))
    default:
      var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { trimmed($0) }
      while lines.last == "" { lines.removeLast() }
      if let empty = lines.firstIndex(of: "") {
        throw .labels(reason: "line \(empty + 1) of \(lines.count) is empty, expected a label")
      }
      if let table = try table(lines) { return try checked(table) }
      return try checked(try numbered(lines) ?? lines)
    }
  }

  /// UTF-8, or UTF-16 with a byte order mark.
  private static func decoded(_ bytes: [UInt8]) throws(ImportError) -> String {
    let isLittleEndian = bytes.starts(with: [0xff, 0xfe])
    if isLittleEndian || bytes.starts(with: [0xfe, 0xff]) {
      let units = stride(from: 2, to: bytes.count - 1, by: 2).map { index in
        let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
        return isLittleEndian ? first | second << 8 : first << 8 | second
      }
      guard let text = String(validating: units, as: UTF16.self) else {
        throw .labels(reason: "the file begins as UTF-16 but is not")
      }
      return text
    }
    let body = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes.dropFirst(3) : bytes[...]
    guard let text = String(validating: body, as: UTF8.self) else {
      throw .labels(reason: "the file is neither UTF-8 nor UTF-16")
    }
    return text
  }

  static func checked(_ labels: [String]) throws(ImportError) -> [String] {
    if labels.isEmpty { throw .labels(reason: "there are none") }
    if let index = labels.firstIndex(of: "") { throw .labels(reason: "label \(index) is empty") }
    return labels
  }

  static func trimmed(_ text: some StringProtocol) -> String {
    let start = text.drop(while: \.isWhitespace)
    return start.lastIndex { !$0.isWhitespace }.map { String(start[...$0]) } ?? ""
  }

  /// The folders of a folder; nil where the path is none. Hidden ones are no classes.
  private static func classFolders(of path: String, _ order: Order) throws(ImportError) -> [String]? {
    guard isFolder(path) else { return nil }
    let all: [String]
    do throws(SystemError) {
      all = try namesInFolder(path)
    } catch {
      throw .file(path: path, reason: "\(error)")
    }
    let names = all.filter { !$0.hasPrefix(".") && isFolder(path + "/" + $0) }
    guard !names.isEmpty else { throw .labels(reason: "\(path) has no folders, expected one for each class") }
    switch order {
    case .characters: return names.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    case .natural: return names.sorted { NaturalKey($0) < NaturalKey($1) }
    }
  }
}

/// A name as runs of digits and of other characters.
private struct NaturalKey: Comparable {
  private enum Part: Equatable {
    case digits(String)
    case text(String)
  }

  private var parts: [Part] = []

  init(_ name: String) {
    for character in name.lowercased() {
      let isDigit = character.isASCII && character.isNumber
      switch (parts.last, isDigit) {
      case (.digits(let run)?, true): parts[parts.count - 1] = .digits(run + String(character))
      case (.text(let run)?, false): parts[parts.count - 1] = .text(run + String(character))
      default: parts.append(isDigit ? .digits(String(character)) : .text(String(character)))
      }
    }
  }

  static func < (first: NaturalKey, second: NaturalKey) -> Bool {
    for (a, b) in zip(first.parts, second.parts) where a != b {
      switch (a, b) {
      case (.digits(let a), .digits(let b)):
        let (x, y) = (a.drop { $0 == "0" }, b.drop { $0 == "0" })
        if x.count != y.count { return x.count < y.count }
        if x != y { return x < y }
      case (.digits, .text): return true
      case (.text, .digits): return false
      case (.text(let a), .text(let b)): return a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars)
      }
    }
    return first.parts.count < second.parts.count
  }
}
