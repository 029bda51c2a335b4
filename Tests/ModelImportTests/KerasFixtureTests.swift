import Foundation
import ModelGraph
import Reference
import Testing

@testable import ModelImport

@Suite("Models saved by Keras")
struct KerasFixtureTests {
  /// Keras computes in floats, the reference in doubles; the outputs are probabilities.
  private let tolerance: Float = 5e-6

  @Test(arguments: ["every_layer.keras", "every_layer.h5", "every_layer_keras2.h5"])
  func `Compute what Keras computes`(name: String) throws {
    let model = try Fixture(name).read()
    #expect(model.graph.inputShape == .map(height: 17, width: 14, channels: 3))
    let output = try ReferenceExecutor(model.graph).run(Metadata.Golden.input(seed: 1, count: 17 * 14 * 3))
    try expectClose(output, name)
    #expect(model.metadata.output == .classProbabilities)
    #expect(model.metadata.preprocessing == .keras)
    #expect(model.metadata.architecture == "every_layer")
  }

  @Test func `What is assumed of preprocessing is said until it is stated`() throws {
    let fixture = try Fixture("every_layer.keras")
    func assumptions(_ change: PreprocessingChange) throws -> (Preprocessing, [String]) {
      let metadata = try fixture.result { $0.preprocessingChange = change }.model.metadata
      return (metadata.preprocessing, metadata.assumptions)
    }
    var change = PreprocessingChange()
    #expect(try assumptions(change).1.count == 2)
    // Of who states a divisor, nothing is subtracted.
    change.divisor = 255
    let (divided, notes) = try assumptions(change)
    #expect(divided.mean == [0, 0, 0] && divided.standardDeviation == [1, 1, 1] && divided.divisor == 255)
    #expect(notes[0].contains("where nothing is stated, x / 255 is assumed"))
    (change.mean, change.standardDeviation) = ([0.5], [0.25])
    let resizing = try assumptions(change).1
    #expect(resizing.count == 1 && resizing[0].contains("nearest neighbor without a crop"))
    change.filter = .bilinear
    #expect(try assumptions(change).1[0].contains("bilinear without a crop is assumed"))
    change.geometry = .stretch
    #expect(try assumptions(change).1.isEmpty)
  }

  @Test(arguments: ["sequential.keras", "sequential.h5", "sequential_types.keras"])
  func `Compute what Keras computes when they begin with rescaling layers`(name: String) throws {
    let model = try Fixture(name).read()
    let pixels = Metadata.Golden.input(seed: 1, count: 9 * 9 * 3).map { (($0 + 1) * 128).rounded(.down) }
    let scaling = model.metadata.preprocessing
    let input = pixels.enumerated().map { index, pixel in
      (pixel / scaling.divisor - scaling.mean[index % 3]) / scaling.standardDeviation[index % 3]
    }
    try expectClose(try ReferenceExecutor(model.graph).run(input), name)
    #expect(model.metadata.output == .labelProbabilities)
  }

  @Test func `Name the layers of nested models after the models`() throws {
    let names = try Fixture("every_layer.keras").read().graph.nodes.map(\.name)
    #expect(names.first == "image")
    #expect(names.contains("inner/conv_same"))
    #expect(names.contains("inner/separable/depthwise"))
    #expect(names.contains("tail/conv_valid/activation"))
    #expect(names.last == "probabilities")
  }

  @Test func `Take another input size where the layers allow it`() throws {
    var options = ImportOptions()
    options.inputSize = Extent(height: 21, width: 16)
    #expect(try Fixture("sequential.keras").read(options).graph.inputShape == .map(height: 21, width: 16, channels: 3))
    #expect(throws: ImportError.self) { try Fixture("every_layer.keras").read(options) }
  }

  @Test func `Say where they came from`() throws {
    var options = ImportOptions()
    options.labels = ["a", "b", "c", "d"]
    options.license = "MIT"
    let fixture = try Fixture("every_layer.keras")
    let metadata = try fixture.read(options).metadata
    #expect(metadata.labels == ["a", "b", "c", "d"])
    #expect(metadata.license == "MIT")
    #expect(metadata.source == .init(fileName: "every_layer.keras", sha256: SHA256.digest(of: fixture.bytes)))
    for (labels, difference) in [
      (["a"], "1 labels, expected 4, one for each output value; label 2 is the first that is missing, after: a"),
      (
        ["a", "b", "c", "d", "bird", "e"],
        "6 labels, expected 4, one for each output value; the first surplus is label 5: bird"
      ),
    ] {
      options.labels = labels
      #expect(throws: ImportError.labels(reason: difference)) { try fixture.read(options) }
    }
  }

  @Test func `End in logits or in probabilities as asked for`() throws {
    let fixture = try Fixture("every_layer.keras")
    var options = ImportOptions()
    options.output = .classLogits
    let logits = try fixture.read(options)
    #expect(logits.graph.nodes.last?.name == "logits")
    #expect(logits.metadata.output == .classLogits)
    try logits.graph.validate()
    let input = Metadata.Golden.input(seed: 1, count: 17 * 14 * 3)
    let values = try ReferenceExecutor(logits.graph).run(input)
    let sum = values.reduce(0) { $0 + exp(Double($1)) }
    try expectClose(values.map { Float(exp(Double($0)) / sum) }, "every_layer.keras")
  }

  private func expectClose(_ output: [Float], _ name: String) throws {
    let expected = try #require(try Fixture.expectedOutputs()[name])
    try #require(output.count == expected.count)
    for (value, expected) in zip(output, expected) { #expect(abs(value - expected) <= tolerance) }
  }
}
