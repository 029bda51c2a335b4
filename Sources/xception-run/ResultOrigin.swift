import Xception

/// What the results of one run have in common: a run does not go on with those of other classes, of another layer or number of
/// classes or, in lines of JSON, of another precision. A model of the same classes is not told from another.
struct ResultOrigin {
  /// A class of a result, as it was written.
  struct Class: Decodable {
    var `class`: Int
    var label: String?
  }

  private let precision: String
  private let labels: [String]
  private let classCount: Int
  /// How many classes each result has.
  private let predictionCount: Int
  /// The layer whose values are told instead of classes.
  private let layer: String?

  /// - Parameter top: How many classes are told; 0 for all.
  init(_ classifier: Classifier, top: Int, task: PictureTask) {
    precision = classifier.precision.rawValue
    labels = classifier.labels
    classCount = classifier.classCount
    predictionCount = min(top == 0 ? .max : top, classifier.classCount)
    if case .values(let layer) = task { self.layer = layer.name } else { layer = nil }
  }

  func gives(precision: String?, layer: String?, _ predictions: [Class]?) -> Bool {
    if let expected = self.layer { return layer == expected }
    guard let predictions, precision == self.precision, predictions.count == predictionCount else { return false }
    return predictions.allSatisfy { gives($0.class, label: $0.label ?? "") }
  }

  /// Whether a class has this name, which is empty where it has none.
  func gives(_ number: Int, label: String) -> Bool {
    0..<classCount ~= number && label == (number < labels.count ? labels[number] : "")
  }
}
