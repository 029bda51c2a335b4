import Foundation
import Runtime
import Testing
import Xception

/// The whole way, with a real trained model: Keras file to weights file to labels, against Keras's own logits.
///
/// Tests/run.sh fetches the model and names its folder in XCEPTION_KITCHENWARE.
@Suite("The trained kitchenware model", .enabled(if: Kitchenware.folder != nil, "Tests/run.sh fetches the model"))
struct KitchenwareTests {
  @Test(arguments: Kitchenware.instructionSets)
  func `All 18 photos agree with Keras within 2e-4 in probability`(instructionSet: String) throws {
    let model = try Kitchenware.model.get()
    let reference = try Kitchenware.reference()
    try #require(reference.count == 18)
    let photos = reference.map { model.deletingLastPathComponent().appending(path: "photos/\($0.photo).jpg").path }
    let result = try Command.run(
      "xception-run", ["--model", model.path, "--json", "--top", "0", "--isa", instructionSet] + photos)
    #expect(result.status == 0, "\(result.errors)")
    let lines = try Line.all(result)
    try #require(lines.count == 18)
    for (line, expected) in zip(lines, reference) {
      let predictions = try #require(line.predictions)
      #expect(predictions.first?.label == expected.label)
      for prediction in predictions {
        let difference = abs(prediction.probability - expected.probabilities[prediction.class])
        #expect(difference < 2e-4, "\(expected.photo), \(prediction.label ?? "")")
      }
    }
  }

  @Test func `Heatmaps agree with Keras's Grad-CAM within 1e-4 of the largest value`() throws {
    let model = try Kitchenware.model.get()
    let classifier = try Classifier(contentsOf: model)
    let heatmaps = try Kitchenware.heatmaps()
    try #require(heatmaps.count == 26)
    for (photo, expected) in Dictionary(grouping: heatmaps, by: \.photo) {
      let file = model.deletingLastPathComponent().appending(path: "photos/\(photo).jpg")
      let classification = try classifier.classification(of: .file(file), heatmaps: true)
      for wanted in expected {
        let heatmap = try classification.heatmap(for: wanted.classIndex)
        try #require(heatmap.width == 5 && heatmap.height == 5 && heatmap.method == .activationMap)
        #expect(abs(heatmap.largest - wanted.largest) < 1e-4 * wanted.largest, "\(photo), class \(wanted.classIndex)")
        for (value, other) in zip(heatmap.values, wanted.values) {
          #expect(abs(value - other) < 1e-4, "\(photo), class \(wanted.classIndex)")
        }
      }
    }
  }

  @Test func `The weights file passes its own golden check`() throws {
    let result = try Command.run("xception-inspect", ["--verify", try Kitchenware.model.get().path])
    #expect(result.status == 0, "\(result.errors)")
  }
}

enum Kitchenware {
  static let folder = ProcessInfo.processInfo.environment["XCEPTION_KITCHENWARE"].map { URL(filePath: $0) }

  /// Those that the processor which runs the tests supports.
  static let instructionSets: [String] = InstructionSet.supported.map(\.rawValue)

  /// The weights file, converted once for all tests.
  static let model = Result {
    let folder = try #require(Self.folder)
    let file = folder.appending(path: "test.xcw")
    let result = try Command.run(
      "xception-convert",
      [folder.appending(path: "kitchenware.keras").path, file.path, "--labels", "cup,fork,glass,knife,plate,spoon"])
    try #require(result.status == 0, "\(result.errors)")
    return file
  }

  struct Reference {
    var photo: String
    var label: String
    var probabilities: [Float]
  }

  struct ExpectedHeatmap {
    var photo: String
    var classIndex: Int
    var largest: Float
    var values: [Float]
  }

  /// Keras's Grad-CAM (Fixtures/make_kitchenware_heatmaps.py).
  static func heatmaps() throws -> [ExpectedHeatmap] {
    let file = try #require(
      Bundle.module.url(forResource: "kitchenware-heatmaps", withExtension: "tsv", subdirectory: "Fixtures"))
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
      let columns = line.split(separator: "\t")
      return ExpectedHeatmap(
        photo: String(columns[0]), classIndex: Int(columns[1])!, largest: Float(columns[2])!,
        values: columns[3].split(separator: " ").map { Float($0)! })
    }
  }

  /// Keras's logits for each photo (Fixtures/make_kitchenware.py), as probabilities.
  static func reference() throws -> [Reference] {
    let file = try #require(
      Bundle.module.url(forResource: "kitchenware", withExtension: "tsv", subdirectory: "Fixtures"))
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
      let columns = line.split(separator: "\t")
      let exponentials = columns[3].split(separator: " ").map { exp(Double($0)!) }
      let sum = exponentials.reduce(0, +)
      return Reference(
        photo: String(columns[0]), label: String(columns[2]), probabilities: exponentials.map { Float($0 / sum) })
    }
  }
}
