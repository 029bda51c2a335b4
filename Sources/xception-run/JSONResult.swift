import CommandSupport
import Xception

/// The JSON object that stands for one image.
struct JSONResult: Encodable {
  struct Class: Encodable {
    var `class`: Int
    var label: String?
    var probability: Float
  }

  struct Milliseconds: Encodable {
    var decode: Double
    var preprocess: Double
    var inference: Double
  }

  /// Rows of values from the top.
  struct Map: Encodable {
    var `class`: Int
    var label: String?
    var method: String
    var width: Int
    var height: Int
    /// What the values were divided by.
    var largest: Float
    var values: [Float]

    init(_ heatmap: Heatmap) {
      self.class = heatmap.classIndex
      label = heatmap.label
      method = heatmap.method.rawValue
      width = heatmap.width
      height = heatmap.height
      largest = heatmap.largest
      values = heatmap.values
    }
  }

  var image: String
  var error: String?
  /// What the network computed in.
  var precision: String?
  /// What the classes are to each other.
  var kind: Classifier.Kind?
  var predictions: [Class]?
  var milliseconds: Milliseconds?
  var features: [Float]?
  var heatmap: Map?

  init(image: String, error: String) {
    self.image = image
    self.error = error
  }

  init(
    image: String, _ classification: Classification, by classifier: Classifier, features includesFeatures: Bool
  ) {
    self.image = image
    precision = classifier.precision.rawValue
    kind = classifier.kind
    predictions = classification.predictions.map {
      Class(class: $0.classIndex, label: $0.label, probability: $0.probability)
    }
    let durations = classification.durations
    milliseconds = Milliseconds(
      decode: rounded(durations.decode), preprocess: rounded(durations.preprocess),
      inference: rounded(durations.inference))
    if includesFeatures { features = classification.features }
  }
}

/// In milliseconds, to a microsecond.
private func rounded(_ duration: Duration) -> Double { (duration.milliseconds * 1000).rounded() / 1000 }
