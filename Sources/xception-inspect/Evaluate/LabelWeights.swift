import Evaluation

/// How much each label counts, from a file of label,weight lines.
struct LabelWeights {
  private let weights: [(label: String, weight: Double)]
  private let path: String

  init(contentsOfFile path: String) throws(InputFileError) {
    self.path = path
    let text = try InputFileError.text(ofFileAt: path)
    weights = try InputFileError.naming(path) { () throws(TruthError) in
      var weights: [(label: String, weight: Double)] = []
      for (line, fields) in try SeparatedValues.records(text) {
        guard fields.count == 2, let weight = Double(fields[1]), weight.isFinite, weight >= 0 else {
          throw .line(
            line, reason: "\"\(fields.joined(separator: ","))\", expected label,weight with a weight of 0 or more")
        }
        weights.append((fields[0], weight))
      }
      return weights
    }
  }

  /// The weight of each class of a model; 0 for those that are not named.
  func values(_ index: ClassIndex, classCount: Int) throws(InputFileError) -> [Double] {
    try InputFileError.naming(path) { () throws(TruthError) in
      var values = [Double](repeating: 0, count: classCount)
      for (label, weight) in weights { values[try index(label)] = weight }
      return values
    }
  }
}
