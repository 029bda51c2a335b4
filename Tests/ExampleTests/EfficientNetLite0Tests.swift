import Foundation
import Runtime
import Testing

/// The whole way of the quickstart's default model: PyTorch file to weights file to labels of photos, against PyTorch's
/// probabilities.
///
/// Tests/run.sh fetches the model and names its folder in XCEPTION_EFFICIENTNET_LITE0.
@Suite(
  "EfficientNet-Lite0, trained on ImageNet",
  .enabled(if: EfficientNetLite0.folder != nil, "Tests/run.sh fetches the model"))
struct EfficientNetLite0Tests {
  @Test(arguments: InstructionSet.supported.map(\.rawValue))
  func `Photos have PyTorch's probabilities within 1e-4, resizing included`(instructionSet: String) throws {
    let model = try EfficientNetLite0.model.get()
    let reference = try EfficientNetLite0.reference()
    try #require(reference.count == 3)
    let photos = reference.map { model.deletingLastPathComponent().appending(path: "photos/\($0.photo)").path }
    let result = try Command.run(
      "xception-run", ["--model", model.path, "--json", "--top", "0", "--isa", instructionSet] + photos)
    #expect(result.status == 0, "\(result.errors)")
    let lines = try Line.all(result)
    try #require(lines.count == 3)
    for (line, expected) in zip(lines, reference) {
      let predictions = try #require(line.predictions)
      try #require(predictions.count == 1000)
      for prediction in predictions {
        let difference = abs(prediction.probability - expected.probabilities[prediction.class, default: 0])
        #expect(difference < 1e-4, "\(expected.photo), \(prediction.label ?? "")")
      }
    }
  }

  @Test func `An espresso is an espresso`() throws {
    let model = try EfficientNetLite0.model.get()
    let photo = model.deletingLastPathComponent().appending(path: "photos/coffee.png")
    let result = try Command.run("xception-run", ["--model", model.path, "--top", "1", photo.path])
    #expect(result.output == "   95.11 % espresso\n")
  }
}

enum EfficientNetLite0 {
  static let folder = ProcessInfo.processInfo.environment["XCEPTION_EFFICIENTNET_LITE0"].map { URL(filePath: $0) }

  /// The weights file, converted once for all tests.
  static let model = Result {
    let folder = try #require(Self.folder)
    let file = folder.appending(path: "test.xcw")
    let result = try Command.run(
      "xception-convert",
      [
        folder.appending(path: "efficientnet-lite0.pth").path, file.path, "--labels",
        folder.appending(path: "classes.json").path,
      ])
    try #require(result.status == 0, "\(result.errors)")
    return file
  }

  struct Reference {
    var photo: String
    /// By class; those that are not there are below 5e-5.
    var probabilities: [Int: Float]
  }

  /// PyTorch's probabilities for each photo (Fixtures/make_efficientnet_lite0.py).
  static func reference() throws -> [Reference] {
    let file = try #require(
      Bundle.module.url(forResource: "efficientnet-lite0", withExtension: "tsv", subdirectory: "Fixtures"))
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
      let columns = line.split(separator: "\t")
      let probabilities = columns[1].split(separator: " ").map { pair in
        let parts = pair.split(separator: ":")
        return (Int(parts[0])!, Float(parts[1])!)
      }
      return Reference(
        photo: String(columns[0]), probabilities: Dictionary(uniqueKeysWithValues: probabilities))
    }
  }
}
