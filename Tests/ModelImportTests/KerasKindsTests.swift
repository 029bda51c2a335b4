import Foundation
import ModelGraph
import Reference
import Testing

@testable import ModelImport

private let expectedOutputs: [String: [[Float]]] = {
  let folder = Bundle.module.url(forResource: "Fixtures", withExtension: nil)!.appending(path: "kinds")
  var all: [String: [[Float]]] = [:]
  for version in ["keras2.12", "keras2.13", "keras2.15", "keras3"] {
    let bytes = try! Data(contentsOf: folder.appending(path: "expected-\(version).json"))
    all.merge(try! JSONDecoder().decode([String: [[Float]]].self, from: bytes)) { first, _ in first }
  }
  return all
}()

private let plainModels = expectedOutputs.keys.filter { !$0.hasPrefix("two_outputs") && !$0.hasPrefix("lambda") }
  .sorted()
private let twoOutputModels = expectedOutputs.keys.filter { $0.hasPrefix("two_outputs") }.sorted()
private let lambdaModels = expectedOutputs.keys.filter { $0.hasPrefix("lambda") }.sorted()

/// Small models of each kind, saved by the Kerases of several years with `make_kinds.py`.
@Suite("A model of each kind, saved by a Keras of each age,")
struct KerasKindsTests {
  private func read(_ name: String, _ change: (inout ImportOptions) -> Void = { _ in }) throws -> Model {
    var options = ImportOptions()
    options.preprocessing = .raw
    change(&options)
    return try Fixture("kinds/" + name).read(options)
  }

  /// Compares what the model computes for seeded pixels, which its preprocessing scales.
  private func expect(_ model: Model, _ expected: [Float], _ name: String) throws {
    let (shape, preprocessing) = (model.graph.inputShape, model.metadata.preprocessing)
    let pixels = Metadata.Golden.input(seed: 1, count: shape.elementCount).map { (($0 + 1) * 128).rounded(.down) }
    let channels = shape.channels
    let input = pixels.indices.map { index in
      let channel = index % channels
      let source = preprocessing.channelOrder == .rgb ? index : index - channel + (channels - 1 - channel)
      return (pixels[source] / preprocessing.divisor - preprocessing.mean[channel])
        / preprocessing.standardDeviation[channel]
    }
    let output = try ReferenceExecutor(model.graph).run(input)
    try #require(output.count == expected.count)
    let largest = expected.reduce(1) { max($0, $1.magnitude) }
    for (index, (value, expected)) in zip(output, expected).enumerated() {
      #expect(abs(value - expected) <= 1e-5 * largest, "\(name): value \(index)")
    }
  }

  @Test(arguments: plainModels)
  func `Computes what Keras computes`(name: String) throws {
    try expect(try read(name), try #require(expectedOutputs[name])[0], name)
  }

  @Test(arguments: ["keras2.12.h5", "keras2.15.h5", "keras3.keras"])
  func `Leaves the scaling at its start to the preprocessing`(file: String) throws {
    let caffe = try read("mode_caffe-" + file).metadata.preprocessing
    #expect(caffe.channelOrder == .bgr)
    #expect(caffe.mean == [103.939, 116.779, 123.68])
    #expect(caffe.standardDeviation == [1, 1, 1])
    let plain = try read("mode_tf-" + file)
    #expect(plain.metadata.preprocessing.mean == [127.5, 127.5, 127.5])
    #expect(plain.graph.nodes.count == 5)
    #expect(plain.metadata.output == .labelProbabilities)
  }

  @Test(arguments: twoOutputModels)
  func `Gives the output that is named of several`(name: String) throws {
    let expected = try #require(expectedOutputs[name])
    let kind = try read(name) { $0.outputLayer = "kind" }
    try expect(kind, expected[0], name)
    #expect(kind.metadata.output == .classProbabilities)
    let tags = try read(name) { $0.outputLayer = "tags" }
    try expect(tags, expected[1], name)
    #expect(tags.metadata.output == .labelProbabilities)
    #expect(
      throws: ImportError.options(
        reason: "the model has 2 outputs, \"kind\", \"tags\": name one with --output-layer")
    ) { try read(name) }
    #expect(
      throws: ImportError.options(reason: "the model has no layer \"other\"; its outputs are \"kind\", \"tags\"")
    ) { try read(name) { $0.outputLayer = "other" } }
  }

  @Test(arguments: lambdaModels)
  func `Never runs a Lambda, which may be declared to be a known function`(name: String) throws {
    let error = #expect(throws: ImportError.self) { try read(name) }
    #expect("\(String(describing: error))".contains("--lambda scale=keras|caffe|torch|identity"))
    let declared = try read(name) { $0.lambdas = ["scale": .caffe] }
    try expect(declared, try #require(expectedOutputs[name])[0], name)
  }

  @Test func `Takes logits instead of a sigmoid's probabilities, and names for a yes/no answer`() throws {
    let logit = try read("mode_tf-keras3.keras") { $0.output = .classLogits }
    #expect(logit.metadata.output == .labelLogits)
    #expect(logit.graph.nodes.last?.name == "dense")
    #expect(try read("mode_tf-keras3.keras") { $0.labels = ["cat"] }.metadata.labels == ["not cat", "cat"])
    #expect(try read("mode_tf-keras3.keras") { $0.labels = ["dog", "cat"] }.metadata.labels == ["dog", "cat"])
    #expect(throws: ImportError.self) { try read("mode_tf-keras3.keras") { $0.labels = ["a", "b", "c"] } }
    #expect(throws: ImportError.self) { try read("mode_tf-keras3.keras") { $0.output = .classProbabilities } }
  }
}
