import ModelGraph
import PlainText
import WeightFormat

/// What the caller knows about a foreign model that its file does not say, or wants changed.
package struct ImportOptions: Sendable {
  /// The size of the network's input where the file leaves it open; replaces the size that it states.
  package var inputSize: Extent?
  /// Replaces what the file says and what is assumed; what the model's first layers compute is added to it.
  package var preprocessing: NamedPreprocessing?
  /// Changes parts of it, before the model's own first layers are added to it.
  package var preprocessingChange = PreprocessingChange()
  /// One for each class; for a yes/no classifier of one value, its name or both names; or none.
  package var labels: [String] = []
  /// What the last values are, where the graph does not tell it or tells it wrongly.
  package var statedOutput: Metadata.Output?
  /// What the last values should be: a softmax or a sigmoid at the end is added or removed for it. Nil leaves the network
  /// as it is.
  package var output: Metadata.Output?
  /// The output that is wanted of a model that has several, by its layer's name.
  package var outputLayer: String?
  /// The network that bare weights belong to, by its name in Keras, torchvision or timm; nil for the one that they fit.
  package var architecture: String?
  /// What follows the last convolution of a network whose weights have no classifier, where the file does not say it.
  package var pooling: FeaturePooling?
  /// What `Lambda` layers compute, by their names: their code is never run.
  package var lambdas: [String: LambdaMeaning] = [:]
  package var license: String?
  package var attribution: String?
  package var limits = ImportLimits()

  package init() {}

  /// Refuses what means nothing for a file of this kind.
  func check(for kind: ForeignKind, fileName: String) throws(ImportError) {
    let isKeras = kind == .kerasArchive || kind == .hdf5
    if let name = lambdas.keys.min(), !isKeras {
      throw .options(reason: "there is no Lambda layer \"\(name)\" to declare: \(fileName) is no model of Keras")
    }
    if let outputLayer, !isKeras, kind != .onnx {
      throw .options(
        reason:
          "--output-layer \(outputLayer) is for models of Keras and ONNX that have several outputs; \(fileName) has one"
      )
    }
    if kind == .onnx || kind == .weightFile { try checkWholeNetwork() }
    if pooling != nil, !isKeras {
      throw .options(reason: "--pooling is for files of weights alone that Keras saved: leave it out")
    }
  }

  /// Refuses what a file that has the network itself leaves nothing to say about.
  func checkWholeNetwork() throws(ImportError) {
    let given = [architecture.map { _ in "--architecture" }, pooling.map { _ in "--pooling" }].compactMap(\.self)
    guard let option = given.first else { return }
    throw .options(reason: "\(option) is for files of weights alone, and this one has its network: leave it out")
  }

  /// Refuses texts that a weights file cannot hold.
  func checkTexts() throws(ImportError) {
    for (name, text) in [("license", license), ("attribution", attribution)] {
      guard let reason = WeightFile.refusal(ofText: text ?? "", allowsLines: true) else { continue }
      throw .options(reason: "the \(name): \(reason)")
    }
    for (index, label) in labels.enumerated() {
      guard let reason = WeightFile.refusal(ofText: label) else { continue }
      throw .labels(reason: "label \(index), \"\(label.printable)\": \(reason)")
    }
  }
}

/// What the caller can declare a function in a foreign file to compute.
package enum LambdaMeaning: String, Hashable, Sendable, CaseIterable {
  /// `x / 127.5 - 1`
  case keras
  /// BGR, less ImageNet's means
  case caffe
  /// `(x / 255 - mean) / deviation` with ImageNet's, as torchvision's networks take
  case torch
  case identity
}

/// Keras's option `pooling`.
package enum FeaturePooling: String, Hashable, Sendable, CaseIterable {
  /// The output is a map of features.
  case none
  case average = "avg"
  case maximum = "max"
}
