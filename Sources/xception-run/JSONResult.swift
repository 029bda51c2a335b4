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

  var image: String
  var error: String?
  var predictions: [Class]?
  var milliseconds: Milliseconds?
  var features: [Float]?

  init(image: String, error: String) {
    self.image = image
    self.error = error
  }

  init(image: String, classification: Classification, features includesFeatures: Bool) {
    self.image = image
    predictions = classification.predictions.map {
      Class(class: $0.classIndex, label: $0.label, probability: $0.probability)
    }
    let durations = classification.durations
    milliseconds = Milliseconds(
      decode: durations.decode.milliseconds, preprocess: durations.preprocess.milliseconds,
      inference: durations.inference.milliseconds)
    if includesFeatures { features = classification.features }
  }
}

extension Duration {
  /// Rounded to microseconds.
  var milliseconds: Double { (self / .microseconds(1)).rounded() / 1000 }
}
