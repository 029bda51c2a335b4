extension Labels {
  static func labels(of json: JSON) throws(ImportError) -> [String] {
    switch json {
    case .array(let values): return try labels(ofList: values)
    case .object(let members):
      for key in ["id2label", "label2id", "labels", "classes", "class_names", "names", "class_indices"] {
        if let inner = json[key], inner.array != nil || inner.isObject { return try labels(of: inner) }
      }
      if !members.isEmpty, members.values.allSatisfy({ $0.int != nil }) { return try labels(byName: members) }
      // Numbers as strings name nothing where the keys are no numbers, as in {"cat": "0"}.
      let isByNumber = members.keys.allSatisfy { Int($0) != nil }
      if !members.isEmpty, !isByNumber, members.values.allSatisfy({ number(of: $0) != nil }) {
        return try labels(byName: members)
      }
      return try labels(byNumber: members)
    default: throw .labels(reason: "expected a JSON array or object")
    }
  }

  /// Names, or objects with names; those that have numbers are ordered by them.
  private static func labels(ofList values: [JSON]) throws(ImportError) -> [String] {
    var labels: [String] = []
    for (index, value) in values.enumerated() {
      guard let label = label(of: value) else {
        throw .labels(
          reason: "element \(index) of the JSON array is \(value.text), expected a name or an object with one")
      }
      labels.append(label)
    }
    for key in ["id", "index", "class_id", "label_id"] {
      let numbers = values.compactMap { $0[key]?.int }
      guard numbers.count == values.count, !numbers.isEmpty else { continue }
      return try ordered(zip(numbers, labels).map { ($0, $1) }, of: "the JSON array's \(key)")
    }
    return labels
  }

  private static func label(of value: JSON) -> String? {
    if let string = value.string ?? value.array?.last?.string { return string }
    return ["name", "label", "class", "class_name", "className", "display_name", "displayName", "title"].lazy
      .compactMap { value[$0]?.string }.first
  }

  private static func labels(byName members: [String: JSON]) throws(ImportError) -> [String] {
    try ordered(members.map { (number(of: $0.value) ?? -1, $0.key) }, of: "the JSON object", from: [0])
  }

  private static func number(of value: JSON) -> Int? { value.int ?? value.string.flatMap { Int($0) } }

  private static func labels(byNumber members: [String: JSON]) throws(ImportError) -> [String] {
    var labels: [String] = []
    for index in 0..<members.count {
      guard let member = members["\(index)"] else {
        throw .labels(reason: "the JSON object of \(members.count) members has none named \"\(index)\"")
      }
      guard let label = label(of: member) else {
        throw .labels(reason: "member \"\(index)\" of the JSON object is \(member.text), expected a label")
      }
      labels.append(label)
    }
    return labels
  }

  /// Names by their numbers, which must be 0, 1, 2 and so on, or begin with 1.
  static func ordered(
    _ pairs: [(number: Int, label: String)], of what: String, from starts: [Int] = [0, 1]
  ) throws(ImportError) -> [String] {
    let sorted = pairs.sorted { $0.number < $1.number }
    let first = starts.first { $0 == sorted.first?.number } ?? 0
    for (index, pair) in sorted.enumerated() where pair.number != index + first {
      throw .labels(
        reason: "the numbers of \(what) are not \(first) to \(pairs.count - 1 + first): "
          + "\"\(pair.label)\" has \(pair.number), expected \(index + first)")
    }
    return sorted.map(\.label)
  }
}

extension JSON {
  fileprivate var isObject: Bool { if case .object = self { true } else { false } }
}
