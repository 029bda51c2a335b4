import Foundation
import ModelGraph
import Reference
import Testing

@testable import ModelImport

private let expectedOutputs: [String: [[Float]]] = {
  let folder = Bundle.module.url(forResource: "Fixtures", withExtension: nil)!.appending(path: "kinds")
  var all: [String: [[Float]]] = [:]
  for version in ["keras2.12", "keras2.13", "keras2.15", "keras3", "tf_keras", "keras_core"] {
    let bytes = try! Data(contentsOf: folder.appending(path: "expected-\(version).json"))
    all.merge(try! JSONDecoder().decode([String: [[Float]]].self, from: bytes)) { first, _ in first }
  }
  return all
}()

private func models(_ prefix: String) -> [String] { expectedOutputs.keys.filter { $0.hasPrefix(prefix) }.sorted() }
private let plainModels = expectedOutputs.keys.filter { name in
  !["two_outputs", "lambda", "logarithm", "custom", "several_sizes"].contains { name.hasPrefix($0) }
}.sorted()
private let twoOutputModels = models("two_outputs")
private let lambdaModels = models("lambda")

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
    try expect(try output(of: model), expected, name)
  }

  private func expect(_ output: [Float], _ expected: [Float], _ name: String) throws {
    try #require(output.count == expected.count)
    let largest = expected.reduce(1) { max($0, $1.magnitude) }
    for (index, (value, expected)) in zip(output, expected).enumerated() {
      #expect(abs(value - expected) <= 1e-5 * largest, "\(name): value \(index)")
    }
  }

  private func output(of model: Model) throws -> [Float] {
    let (shape, preprocessing) = (model.graph.inputShape, model.metadata.preprocessing)
    let pixels = Metadata.Golden.input(seed: 1, count: shape.elementCount).map { (($0 + 1) * 128).rounded(.down) }
    let channels = shape.channels
    let input = pixels.indices.map { index in
      let channel = index % channels
      let source = preprocessing.channelOrder == .rgb ? index : index - channel + (channels - 1 - channel)
      return (pixels[source] / preprocessing.divisor - preprocessing.mean[channel])
        / preprocessing.standardDeviation[channel]
    }
    return try ReferenceExecutor(model.graph).run(input)
  }

  @Test(arguments: plainModels)
  func `Computes what Keras computes`(name: String) throws {
    try expect(try read(name), try #require(expectedOutputs[name])[0], name)
  }

  @Test func `Reads the modules of tf_keras and keras_core`() {
    for (package, count) in [("tf_keras", 7), ("keras_core", 2)] {
      #expect(plainModels.count { $0.contains("-\(package).") } == count, "\(package)")
    }
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

  @Test func `Assumes a scaling where the input's first function is none, and says so`() throws {
    let fading = try Fixture("kinds/constants-keras3.keras").result { _ in }.model.metadata
    #expect(fading.preprocessing.divisor == 127.5 && fading.preprocessing.mean == [1, 1, 1])
    #expect(fading.assumptions.contains { $0.contains("x / 127.5 - 1 is assumed") })
    let scaled = try Fixture("kinds/powers-keras3.keras").result { _ in }.model.metadata
    #expect(scaled.preprocessing.mean == [0, 0, 0] && scaled.preprocessing.standardDeviation == [64, 64, 64])
    #expect(!scaled.assumptions.contains { $0.contains("pixel values") })
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

  @Test func `Says that a model of one output has no other, whatever --output-layer names`() throws {
    #expect(
      throws: ImportError.options(
        reason: "the model has no layer \"other\"; its only output is \"inner\": leave --output-layer out")
    ) { try read("nested-keras3.keras") { $0.outputLayer = "other" } }
    #expect(
      throws: ImportError.options(
        reason: "a Sequential has one output, that of its last layer, \"dense\": --output-layer cannot be \"conv2d\"")
    ) { try read("padded_any_size-keras3.keras") { $0.outputLayer = "conv2d" } }
    #expect(try read("padded_any_size-keras3.keras") { $0.outputLayer = "dense" }.graph.nodes.last?.name == "dense")
    let resnet = try TorchFixture("resnet.safetensors").bytes
    let error = #expect(throws: ImportError.self) {
      var options = ImportOptions()
      options.outputLayer = "fc"
      return try ModelImporter.read(ForeignFile(path: "resnet.safetensors", bytes: resnet), options: options)
    }
    #expect("\(String(describing: error))".contains("--output-layer fc is for models of Keras and ONNX"))
  }

  @Test(arguments: lambdaModels)
  func `Never runs a Lambda, which may be declared to be a known function`(name: String) throws {
    let error = #expect(throws: ImportError.self) { try read(name) }
    #expect("\(String(describing: error))".contains("--lambda scale=keras|caffe|torch|identity"))
    let declared = try read(name) { $0.lambdas = ["scale": .caffe] }
    try expect(declared, try #require(expectedOutputs[name])[0], name)
    let misspelled = #expect(throws: ImportError.self) {
      try read(name) { $0.lambdas = ["scale": .caffe, "sclae": .caffe] }
    }
    #expect(
      "\(String(describing: misspelled))".contains("no Lambda layer \"sclae\" to declare; the model has \"scale\""))
  }

  @Test(arguments: models("logarithm"))
  func `Keeps the logits in place of the logarithm of their softmax, and says so`(name: String) throws {
    let result = try Fixture("kinds/" + name).result { $0.preprocessing = .raw }
    let exponentials = try output(of: result.model).map { exp($0) }
    let sum = exponentials.reduce(0, +)
    try expect(exponentials.map { $0 / sum }, try #require(expectedOutputs[name])[0].map { exp($0) }, name)
    #expect(result.model.metadata.output == .classLogits)
    #expect(result.notes.contains { $0.hasPrefix("its output is the logarithm of a softmax") })
  }

  @Test(arguments: models("custom"))
  func `Refuses a layer of the user's own by the name of its class`(name: String) throws {
    let error = #expect(throws: ImportError.self) { try read(name) }
    #expect("\(String(describing: error))".contains("Doubled is not known"), "\(String(describing: error))")
    #expect("\(String(describing: error))".contains("\"doubled\""), "\(String(describing: error))")
  }

  @Test(arguments: models("any_size"))
  func `Leaves the resizing of images of any size to the preprocessing, with its crop`(name: String) throws {
    let result = try Fixture("kinds/" + name).result { _ in }
    let preprocessing = result.model.metadata.preprocessing
    #expect(preprocessing.geometry == .cropToAspectRatio)
    #expect(preprocessing.filter == .bilinear && !preprocessing.antialias)
    #expect(result.model.graph.inputShape == .map(height: 6, width: 6, channels: 3))
    #expect(result.notes.isEmpty && result.model.metadata.assumptions.isEmpty)
  }

  @Test func `Leaves padding to the preprocessing, but for a color other than black`() throws {
    let fixture = try Fixture("kinds/padded_any_size-keras3.keras")
    let preprocessing = try fixture.read().metadata.preprocessing
    #expect(preprocessing.geometry == .pad(.before) && preprocessing.filter == .bilinear)
    let scaled = try fixture.result { $0.preprocessing = .torch }.model.metadata.preprocessing
    #expect(scaled.geometry == .pad(.before) && scaled.filter == .bilinear)
    let text = try fixture.configuration()
    let error = #expect(throws: ImportError.self) {
      try fixture.read(configuration: text.with(#""fill_value": 0.0"#, #""fill_value": 0.5"#))
    }
    let reason = "another fill_value than 0 of images of any size cannot be expressed; give images of one size"
    #expect("\(String(describing: error))".contains(reason), "\(String(describing: error))")
  }

  @Test func `Leaves every filter of Keras 3 to the preprocessing, and refuses the others of TensorFlow`() throws {
    let fixture = try Fixture("kinds/any_size-keras3.keras")
    let text = try fixture.configuration()
    let old = #""interpolation": "bilinear""#
    let filters: [(String, Preprocessing.Filter)] = [
      ("nearest", .tensorFlowNearest), ("bicubic", .bicubic), ("lanczos3", .lanczos3), ("lanczos5", .lanczos5),
      ("area", .area), ("BILINEAR", .bilinear),
    ]
    for (name, filter) in filters {
      let preprocessing = try fixture.read(configuration: text.with(old, #""interpolation": "\#(name)""#)).metadata
        .preprocessing
      #expect(preprocessing.filter == filter && !preprocessing.antialias)
      #expect(preprocessing.geometry == .cropToAspectRatio)
    }
    let smooth = text.with(old, #""interpolation": "lanczos3""#).with(#""antialias": false"#, #""antialias": true"#)
    let refused = #expect(throws: ImportError.self) { try fixture.read(configuration: smooth) }
    #expect("\(String(describing: refused))".contains("antialias of images of any size by lanczos3 cannot be"))
    for filter in ["gaussian", "mitchellcubic"] {
      let error = #expect(throws: ImportError.self) {
        try fixture.read(configuration: text.with(old, #""interpolation": "\#(filter)""#))
      }
      let reason = "its interpolation is \"\(filter)\", expected nearest, bilinear, bicubic, lanczos3, lanczos5 or area"
      #expect("\(String(describing: error))".contains(reason), "\(String(describing: error))")
    }
  }

  @Test func `Leaves what scales images of any size before they are resized to the preprocessing`() throws {
    let fixture = try Fixture("kinds/scaled_any_size-keras3.keras")
    let metadata = try fixture.read().metadata
    #expect(metadata.preprocessing.geometry == .cropToAspectRatio && metadata.preprocessing.filter == .lanczos3)
    #expect(metadata.preprocessing.mean == [127.5, 127.5, 127.5])
    #expect(metadata.preprocessing.standardDeviation == [127.5, 127.5, 127.5])
    // What is padded after that is not black.
    let padded = try fixture.configuration()
      .with(#""crop_to_aspect_ratio": true"#, #""crop_to_aspect_ratio": false"#)
      .with(#""pad_to_aspect_ratio": false"#, #""pad_to_aspect_ratio": true"#)
    let error = #expect(throws: ImportError.self) { try fixture.read(configuration: padded) }
    #expect("\(String(describing: error))".contains("scaled before so that black is not 0"))
  }

  @Test func `Asks for a size where images of any size are resized in two ways`() throws {
    let name = "several_sizes-keras3.keras"
    #expect(
      throws: ImportError.options(reason: "the model takes images of any size: give one with --input-size")
    ) { try read(name) }
    let sized = try read(name) { $0.inputSize = Extent(height: 6, width: 8) }
    try expect(sized, try #require(expectedOutputs[name])[0], name)
  }

  @Test func `Refuses a resizing whose colors would count by their alpha, as TensorFlow's do not`() throws {
    let fixture = try Fixture("kinds/any_size-keras3.keras")
    let text = try fixture.configuration()
      .with(#""batch_shape": [null, null, null, 3]"#, #""batch_shape": [null, null, null, 4]"#)
      .with(#""antialias": false"#, #""antialias": true"#)
    let error = #expect(throws: ImportError.self) { try fixture.read(configuration: text) }
    let reason = "Resizing with antialias of images of any size with 4 channels cannot be expressed"
    #expect("\(String(describing: error))".contains(reason), "\(String(describing: error))")
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
