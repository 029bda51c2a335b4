import Foundation
import ModelGraph
import Reference
import Testing

@testable import ModelImport

/// A file that `make_torch_fixtures.py` made.
struct TorchFixture {
  struct Expected: Decodable {
    var height: Int
    var width: Int
    var output: [Float]
  }

  let path: String

  init(_ name: String) {
    path = Bundle.module.url(forResource: "Fixtures", withExtension: nil)!.appending(path: "torch/\(name)").path
  }

  var bytes: [UInt8] { get throws { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) } }

  static func expected(_ name: String) throws -> Expected {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: TorchFixture("expected.json").path))
    return try #require(try JSONDecoder().decode([String: Expected].self, from: bytes)[name])
  }

  func read(_ options: ImportOptions = ImportOptions()) throws(ImportError) -> ModelImporter.Result {
    try ModelImporter.read(path: path, options: options)
  }

  /// Reads the file with other bytes, as if it lay in the same place.
  func read(_ bytes: [UInt8]) throws(ImportError) -> ModelImporter.Result {
    try ModelImporter.read(ForeignFile(path: path, bytes: bytes), options: ImportOptions())
  }
}

@Suite("Models and weights of PyTorch and ONNX")
struct TorchFixtureTests {
  @Test(arguments: [
    "script.onnx", "script17.onnx", "export.onnx", "external.onnx", "nhwc.onnx", "quantized.onnx",
    "response.onnx", "instance.onnx", "resnet.safetensors", "resnet.pth", "resnet.legacy.pth", "checkpoint.pth",
    "half.safetensors", "ema.pth", "dropout.pth",
  ])
  func `Compute what PyTorch and ONNX Runtime compute`(name: String) throws {
    let expected = try TorchFixture.expected(name)
    let model = try TorchFixture(name).read().model
    #expect(model.graph.inputShape == .map(height: expected.height, width: expected.width, channels: 3))
    let output = try ReferenceExecutor(model.graph).run(
      Metadata.Golden.input(seed: 1, count: model.graph.inputShape.elementCount))
    try #require(output.count == expected.output.count)
    let largest = expected.output.reduce(0) { max($0, $1.magnitude) }
    for (value, expected) in zip(output, expected.output) { #expect((value - expected).magnitude <= 1e-4 * largest) }
  }

  @Test func `What is taken of several dictionaries or for the last layer is said`() throws {
    let mean = try TorchFixture("ema.pth").read().notes
    #expect(mean.contains { $0.contains("those of \"state_dict_ema\"") && $0.contains("\"state_dict\"") })
    let head = try TorchFixture("dropout.pth").read().notes
    #expect(head.contains { $0.contains("\"fc.1.\" is taken for the last layer") })
    #expect(try !TorchFixture("checkpoint.pth").read().notes.contains { $0.contains("state_dict") })
  }

  @Test func `Leave no transpose behind, and activations and shuffles as what they are`() throws {
    for name in ["script.onnx", "script17.onnx", "export.onnx"] {
      let graph = try TorchFixture(name).read().model.graph
      let names = graph.nodes.map(\.operation.name)
      #expect(names.filter { $0 == "shuffle channels" }.count == 1)
      #expect(!names.contains("reshape"))
      #expect(!names.contains("pad"))
      #expect(names.contains("gelu") && names.contains("hard swish") && names.contains("silu"))
      #expect(names.contains("layer normalization"))
      #expect(!names.contains("erf") && !names.contains("sigmoid"))
      #expect(names.last == "softmax")
    }
  }

  @Test func `Keep weights of 8 bits, and say that values are not rounded`() throws {
    let result = try TorchFixture("quantized.onnx").read()
    let kernel = try #require(result.model.graph.tensors.first)
    #expect(kernel.elementType == .int8)
    #expect(kernel.scale?.count == 4)
    #expect(result.notes.contains { $0.contains("quantizes") })
  }

  /// Not to 1e-4: ONNX Runtime rounds the values between the layers to 8 bits, which is not done here.
  @Test func `What ONNX Runtime has quantized stays near what it computes, with the kernels as they are`() throws {
    let expected = try TorchFixture.expected("calibrated.onnx")
    let model = try TorchFixture("calibrated.onnx").read().model
    let kernels = model.graph.tensors.filter { $0.elementType == .int8 }
    #expect(kernels.map(\.dimensions) == [[3, 3, 3, 8], [1, 1, 8, 6], [6, 5]])
    let output = try ReferenceExecutor(model.graph).run(
      Metadata.Golden.input(seed: 1, count: model.graph.inputShape.elementCount))
    let largest = expected.output.reduce(0) { max($0, $1.magnitude) }
    for (value, expected) in zip(output, expected.output) { #expect((value - expected).magnitude <= 0.02 * largest) }
  }

  @Test func `Are named after their network, with its preprocessing`() throws {
    let metadata = try TorchFixture("resnet.safetensors").read().model.metadata
    #expect(metadata.architecture == "ResNet")
    #expect(metadata.preprocessing == .torchvision(side: 224))
    #expect(metadata.output == .classLogits)
  }

  @Test func `Take another input size where the network allows it`() throws {
    var options = ImportOptions()
    options.inputSize = Extent(height: 96, width: 64)
    #expect(
      try TorchFixture("resnet.pth").read(options).model.graph.inputShape == .map(height: 96, width: 64, channels: 3))
  }
}
