import Foundation
import ModelGraph
import Testing

@testable import ModelImport

@Suite("Options that mean nothing for a file")
struct MeaninglessOptionsTests {
  @Test(arguments: ["operators.onnx", "sequential.keras", "torch/resnet.safetensors"])
  func `Are refused, not passed over`(file: String) throws {
    let path = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil)).appending(path: file).path
    let isOfWeightsAlone = file.hasSuffix("safetensors")
    func reason(_ change: (inout ImportOptions) -> Void) -> String {
      var options = ImportOptions()
      change(&options)
      let error = #expect(throws: ImportError.self) { try ModelImporter.read(path: path, options: options) }
      return "\(String(describing: error))"
    }
    #expect(reason { $0.pooling = .maximum }.contains("--pooling is for files of weights alone"))
    if !isOfWeightsAlone {
      #expect(reason { $0.architecture = "ResNet50" }.contains("--architecture is for files of weights alone"))
    }
    if file.hasSuffix("onnx") || isOfWeightsAlone {
      #expect(reason { $0.lambdas = ["scale": .keras] }.contains("there is no Lambda layer \"scale\""))
    }
    #expect(reason { $0.outputLayer = "nowhere" }.contains("nowhere"))
  }
}
