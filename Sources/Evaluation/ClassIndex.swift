/// Finds a model's classes by their names.
package struct ClassIndex: Sendable {
  private let indices: [String: [Int]]
  private let labels: [String]
  private let classCount: Int
  /// What classes are called beside their own names.
  private var aliases: [String: Int] = [:]

  /// - Parameter labels: The names of the classes; empty where they have none.
  package init(labels: [String], classCount: Int) {
    self.labels = labels
    self.classCount = classCount
    indices = Dictionary(grouping: labels.indices) { labels[$0] }
  }

  /// The class with a name or, where no class has that name, with a number from 0. Blanks around it count only where a class
  /// is called so.
  package func callAsFunction(_ name: String) throws(TruthError) -> Int {
    if let found = try named(name) { return found }
    let trimmed = name.withoutBlanksAround
    if let found = try named(trimmed) { return found }
    guard let number = Int(trimmed), 0..<classCount ~= number else {
      let few = labels.prefix(20)
      throw .unknownClass(name, known: few + (labels.count > few.count ? ["..."] : []))
    }
    return number
  }

  private func named(_ name: String) throws(TruthError) -> Int? {
    if let found = aliases[name] { return found }
    guard let found = indices[name] else { return nil }
    guard found.count == 1 else { throw .ambiguousClass(name, indices: found) }
    return found[0]
  }

  /// Lets classes be called by other names too, as the lines of a list say: `name,class`, where the class is its name or its
  /// number from 0. A first line that names the columns is skipped.
  package mutating func addAliases(list text: String) throws(TruthError) {
    var isFirst = true
    for (line, fields) in try SeparatedValues.records(text) {
      defer { isFirst = false }
      guard fields.count == 2 else {
        throw .line(line, reason: "\"\(fields.joined(separator: ","))\", expected name,class")
      }
      if isFirst, ColumnNames.aliases.names(fields[0]) || ColumnNames.labels.names(fields[0]),
        ColumnNames.labels.names(fields[1]) || ColumnNames.numbers.names(fields[1])
      {
        continue
      }
      let found = try ClassIndex(labels: labels, classCount: classCount)(fields[1])
      if let other = aliases.updateValue(found, forKey: fields[0]), other != found {
        throw .line(line, reason: "\"\(fields[0])\" is the class \(other) already")
      }
    }
  }
}

extension ClassIndex {
  /// Whether a name is that of one of WordNet's sets of synonyms, as ImageNet's folders are called: `n02123045`.
  static func isWordNetID(_ name: String) -> Bool { name.wholeMatch(of: /n[0-9]{8}/) != nil }

  /// Takes ImageNet's folders for the classes of a model of ImageNet, if all 1,000 are there: its classes are in the order of
  /// the folders' names.
  ///
  /// - Returns: Whether it did.
  package mutating func addFoldersOfImageNet(_ truth: Truth) -> Bool {
    guard classCount == 1000, labels.first.map({ $0.hasPrefix("tench") }) ?? true else { return false }
    let names = Set(truth.entries.lazy.flatMap(\.labels))
    guard names.count == 1000, names.allSatisfy(Self.isWordNetID) else { return false }
    for (index, name) in names.sorted().enumerated() { aliases[name] = index }
    return true
  }
}
