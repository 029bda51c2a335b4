package import Architectures
package import Foundation
package import ModelGraph
import TestSupport
import WeightFormat

/// A weights file of a small Xception with random weights, and two pictures, made once for all tests.
package struct SmallModel: Sendable {
  package static let labels = ["ant", "bee", "cat", "dog", "elk"]
  package static let shared = Result { try SmallModel() }

  package let folder: URL
  package let file: URL
  package let photos: [URL]

  private init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "small-model-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    file = folder.appending(path: "small.xcw")
    try WeightFile.write(Self.model(), to: file.path, profile: .compact)
    photos = try [UInt64(2), 3].map { [folder] seed in
      var generator = SplitMix64(seed: seed)
      let pixels = (0..<48 * 32 * 3).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let photo = folder.appending(path: "photo\(seed).ppm")
      try (Data("P6 48 32 255\n".utf8) + pixels).write(to: photo)
      return photo
    }
  }

  /// The model of the file, or one with another head; the weights before the head are the same.
  ///
  /// - Parameters:
  ///   - ending: What follows the last dense layer.
  ///   - output: What the metadata say that the output is.
  package static func model(
    classes: Int = labels.count, ending: ClassifierHead.Output = .softmax,
    output: Metadata.Output = .classProbabilities, labels: [String] = labels
  ) throws -> Model {
    var network = XceptionNetwork()
    network.input = .map(height: 40, width: 40, channels: 3)
    network.widthDivisor = 16
    network.top = .classifier(.init(classes: classes, output: ending))
    var weights = RandomWeights(seed: 1)
    let metadata = Metadata(
      architecture: "Xception", preprocessing: .keras, labels: labels, output: output, converter: "tests")
    return Model(graph: try network.graph { weights.tensor($0, $1, $2) }, metadata: metadata)
  }
}

extension Model {
  /// The model with a first convolution of weights so large that it overflows on every picture that is not black.
  package func overflowing() throws -> Model {
    var changed = self
    changed.metadata.preprocessing.divisor = 1
    changed.metadata.preprocessing.mean = [0, 0, 0]
    guard let kernel = graph.tensors.firstIndex(where: { $0.dimensions.count > 1 }) else { return changed }
    let tensor = graph.tensors[kernel]
    changed.graph.tensors[kernel] = Tensor(
      name: tensor.name, dimensions: tensor.dimensions, values: try tensor.values().map { $0 < 0 ? -1e38 : 1e38 })
    return changed
  }
}
