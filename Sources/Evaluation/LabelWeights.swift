/// How much each label counts, from a list of `label,weight` lines. A first line that names the columns is skipped.
package struct LabelWeights: Sendable {
  private var weights: [(label: String, weight: Double)] = []

  package init(list text: String) throws(TruthError) {
    var isFirst = true
    for (line, fields) in try SeparatedValues.records(text) {
      defer { isFirst = false }
      if isFirst, fields.count == 2, ColumnNames.labels.names(fields[0]) || ColumnNames.aliases.names(fields[0]),
        ColumnNames.weights.names(fields[1])
      {
        continue
      }
      guard fields.count == 2, let weight = Double(fields[1].withoutBlanksAround), weight.isFinite, weight >= 0 else {
        throw .line(
          line, reason: "\"\(fields.joined(separator: ","))\", expected label,weight with a weight of 0 or more")
      }
      weights.append((fields[0], weight))
    }
  }

  /// The weight of each class of a model; 0 for those that are not named.
  package func values(_ index: ClassIndex, classCount: Int) throws(TruthError) -> [Double] {
    var values = [Double](repeating: 0, count: classCount)
    for (label, weight) in weights { values[try index(label)] = weight }
    return values
  }
}
