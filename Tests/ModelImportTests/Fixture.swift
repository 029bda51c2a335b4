import Foundation
import ModelGraph

@testable import ModelImport

/// A file that `make_fixtures.py` made, and its parts.
struct Fixture {
  let name: String
  let bytes: [UInt8]

  init(_ name: String) throws {
    self.name = name
    let url = Bundle.module.url(forResource: "Fixtures", withExtension: nil)!.appending(path: name)
    bytes = [UInt8](try Data(contentsOf: url))
  }

  /// What Keras computed, for the input of `Metadata.Golden.input(seed: 1, count:)`.
  static func expectedOutputs() throws -> [String: [Float]] {
    struct Expected: Decodable { var output: [Float] }
    let bytes = try Fixture("expected.json").bytes
    return try JSONDecoder().decode([String: Expected].self, from: Data(bytes)).mapValues(\.output)
  }

  func read(_ options: ImportOptions = ImportOptions()) throws(ImportError) -> Model {
    try ModelImporter.read(ForeignFile(path: name, bytes: bytes), options: options).model
  }

  /// With what the user should know.
  func result(_ change: (inout ImportOptions) -> Void) throws(ImportError) -> ModelImporter.Result {
    var options = ImportOptions()
    change(&options)
    return try ModelImporter.read(ForeignFile(path: name, bytes: bytes), options: options)
  }

  /// The text of `config.json`.
  func configuration() throws -> String {
    String(decoding: try ZipArchive(bytes).contents(of: "config.json", limit: .max)!.array, as: UTF8.self)
  }

  /// Reads the archive with its configuration replaced.
  func read(configuration: String) throws(ImportError) -> Model {
    let archive = zip([
      ("config.json", Array(configuration.utf8)),
      ("model.weights.h5", try ZipArchive(bytes).contents(of: "model.weights.h5", limit: .max)!.array),
    ])
    return try ModelImporter.read(ForeignFile(path: name, bytes: archive), options: ImportOptions()).model
  }

  /// The archive's weights as a tree.
  func weights() throws -> KerasGroup {
    try KerasGroup(try ZipArchive(bytes).contents(of: "model.weights.h5", limit: .max)!, limits: ImportLimits())
  }

  /// Translates the archive's network with other weights.
  func translate(weights: KerasGroup) throws -> Graph {
    let model = try KerasModel(try JSONParser.parse(Array(try configuration().utf8)))
    return try KerasTranslator.translate(
      model, weights: Keras3Weights(weights), options: ImportOptions(), isKeras3: true
    ).graph
  }
}

extension String {
  /// Replaces text that must be there.
  func with(_ text: String, _ replacement: String) -> String {
    precondition(contains(text), "the fixture has no \(text)")
    return replacingOccurrences(of: text, with: replacement)
  }
}

extension KerasGroup {
  /// Changes the group at a path of groups that must be there.
  mutating func change(_ path: String, _ body: (inout KerasGroup) -> Void) {
    guard let first = path.split(separator: "/").first.map(String.init) else { return body(&self) }
    groups[first]!.change(String(path.dropFirst(first.count + 1)), body)
  }
}
