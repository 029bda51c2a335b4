/// Pictures and the names of their right classes.
package struct Truth: Hashable, Sendable {
  package struct Entry: Hashable, Sendable {
    /// From the folder of the list.
    package let picture: String
    package let labels: [String]

    package init(picture: String, labels: [String]) {
      self.picture = picture
      self.labels = labels
    }
  }

  package let entries: [Entry]

  /// Each picture belongs to the class that the outermost folder of its path is named after.
  ///
  /// - Parameter pictures: Paths relative to the folder that holds the folders of the classes.
  package init(folders pictures: [String]) throws(TruthError) {
    var entries: [Entry] = []
    for picture in pictures {
      guard let slash = picture.firstIndex(of: "/") else { throw .noClassFolder(picture: picture) }
      entries.append(Entry(picture: picture, labels: [String(picture[..<slash])]))
    }
    guard !entries.isEmpty else { throw .empty }
    self.entries = entries
  }

  /// Lines of `file,label[,label...]`, as RFC 4180 quotes them. A picture without a label, `file,`, has none. Empty lines are
  /// skipped, and so is a first one that names the columns.
  package init(list text: String) throws(TruthError) {
    var entries: [Entry] = []
    var isFirst = true
    for (number, fields) in try SeparatedValues.records(text) {
      defer { isFirst = false }
      if isFirst, Self.namesColumns(fields) { continue }
      guard !fields[0].isEmpty else { throw .line(number, reason: "no file is named") }
      guard fields.count >= 2 else {
        throw .line(number, reason: "\"\(fields[0])\" has no label, expected file,label[,label...]")
      }
      entries.append(Entry(picture: fields[0], labels: fields.dropFirst().filter { !$0.withoutBlanksAround.isEmpty }))
    }
    guard !entries.isEmpty else { throw .empty }
    self.entries = entries
  }

  private static func namesColumns(_ fields: [String]) -> Bool {
    // A picture's name has an ending.
    ColumnNames.pictures.names(fields[0])
      || fields.count > 1 && !fields[0].contains(".") && ColumnNames.labels.names(fields[1])
  }

  /// The class of each entry, for a model whose classes exclude each other.
  package func classes(_ index: ClassIndex) throws(TruthError) -> [Int] {
    var classes: [Int] = []
    for entry in entries {
      guard entry.labels.count == 1 else {
        throw .notOneClass(picture: entry.picture, found: entry.labels.count)
      }
      classes.append(try index(entry.labels[0]))
    }
    return classes
  }

  /// The labels of each entry, for a model of independent labels.
  package func labelSets(_ index: ClassIndex) throws(TruthError) -> [Set<Int>] {
    var sets: [Set<Int>] = []
    for entry in entries {
      var set: Set<Int> = []
      for label in entry.labels { set.insert(try index(label)) }
      sets.append(set)
    }
    return sets
  }
}
