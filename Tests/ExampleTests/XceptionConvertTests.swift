import Foundation
import Testing

@Suite("xception-convert")
struct XceptionConvertTests {
  private let folder: URL
  private let keras = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../ModelImportTests/Fixtures/sequential.keras").standardized.path

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "convert-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func convert(_ output: String, _ options: [String] = []) throws -> Command.Result {
    try Command.run("xception-convert", [keras, path(output)] + options)
  }

  private func path(_ name: String) -> String { folder.appending(path: name).path }

  private func inspect(_ name: String, _ options: [String] = []) throws -> [String: Any] {
    let result = try Command.run("xception-inspect", [path(name), "--json"] + options)
    #expect(result.status == 0, "\(result.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
  }

  @Test func `A Keras model becomes a weights file that says where it came from and passes its own check`() throws {
    let result = try convert("model.xcw", ["--license", "CC0-1.0", "--attribution", "somebody"])
    #expect(result.status == 0, "\(result.errors)")
    let summary = try inspect("model.xcw", ["--verify"])
    #expect(summary["sourceFile"] as? String == "sequential.keras")
    #expect((summary["sourceSHA256"] as? String)?.count == 64)
    #expect(summary["license"] as? String == "CC0-1.0")
    #expect(summary["attribution"] as? String == "somebody")
    #expect((summary["goldenCheck"] as? [String: Any])?["passed"] as? Bool == true)
  }

  @Test func `A network that overflows is refused, and the message says so`() throws {
    let overflow = URL(filePath: keras).deletingLastPathComponent().appending(path: "kinds/overflow-keras3.keras").path
    let result = try Command.run("xception-convert", [overflow, path("overflow.xcw")])
    #expect(result.status == 1)
    #expect(result.errors.contains("the network overflows: "), "\(result.errors)")
    #expect(result.errors.contains("layer \"larger\""), "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: path("overflow.xcw")))
  }

  /// Its maps have 6 channels, which zeros pad; the logarithm of those must reach no product.
  @Test(arguments: [[], ["--precision", "bf16"], ["--quantize", "int8"]])
  func `A network that takes logarithms passes its own check in each precision`(options: [String]) throws {
    let powers = URL(filePath: keras).deletingLastPathComponent().appending(path: "kinds/powers-keras3.keras").path
    let result = try Command.run("xception-convert", [powers, path("powers.xcw")] + options)
    #expect(result.status == 0, "\(result.errors)")
    #expect(!result.errors.contains("magnifies"), "\(result.errors)")
  }

  @Test func `What is assumed of preprocessing is said, and stays in the file`() throws {
    let said = try convert("assumed.xcw")
    #expect(said.errors.contains("nearest neighbor without a crop, as Keras's load_img, is assumed"), "\(said.errors)")
    let assumptions = try #require(try inspect("assumed.xcw")["assumptions"] as? [String])
    #expect(assumptions.count == 1 && said.errors.contains(assumptions[0]))
    let shown = try Command.run("xception-inspect", [path("assumed.xcw")]).output
    #expect(shown.contains("assumed       the file does not say how images are resized"), "\(shown)")
    #expect(try Command.run("xception-convert", [path("assumed.xcw"), path("again.xcw")]).status == 0)
    #expect(try inspect("again.xcw")["assumptions"] as? [String] == assumptions)
    let stated = try Command.run(
      "xception-convert", [path("assumed.xcw"), path("stated.xcw"), "--preprocess", "caffe"])
    #expect(stated.status == 0, "\(stated.errors)")
    #expect(try #require(try inspect("stated.xcw")["assumptions"] as? [String]).isEmpty)
  }

  @Test func `The same model gives the same bytes`() throws {
    #expect(try convert("a.xcw").status == 0)
    #expect(try convert("b.xcw").status == 0)
    let contents = try ["a.xcw", "b.xcw"].map { try Data(contentsOf: folder.appending(path: $0)) }
    #expect(contents[0] == contents[1])
  }

  @Test func `Profile, precision and preprocessing are as asked for`() throws {
    let options = ["--stored", "--precision", "bf16", "--preprocess", "timm", "--crop-shorter-side", "40"]
    let result = try convert("model.xcw", options)
    #expect(result.status == 0, "\(result.errors)")
    let summary = try inspect("model.xcw", ["--verify"])
    #expect(summary["profile"] as? String == "stored")
    let preprocessing = try #require(summary["preprocessing"] as? [String: Any])
    #expect(preprocessing["filter"] as? String == "bicubic")
    #expect(preprocessing["cropShorterSide"] as? Int == 40)
    let types = try #require(summary["tensors"] as? [[String: Any]]).compactMap { $0["type"] as? String }
    #expect(types.contains("bfloat16"))
  }

  @Test func `Padding with black is as asked for, and one geometry alone`() throws {
    for padding in ["before", "after"] {
      let result = try convert("model.xcw", ["--pad", padding])
      #expect(result.status == 0, "\(result.errors)")
      let preprocessing = try #require(try inspect("model.xcw", [])["preprocessing"] as? [String: Any])
      #expect(preprocessing["pad"] as? String == padding && preprocessing["cropShorterSide"] == nil)
      let shown = try Command.run("xception-inspect", [path("model.xcw")])
      #expect(shown.output.contains(", padded with black \(padding) resizing, "), "\(shown.output)")
    }
    let both = try convert("model.xcw", ["--pad", "after", "--stretch"])
    #expect(both.status == 64 && both.errors.contains("--stretch and --pad cannot be used together"), "\(both.errors)")
  }

  @Test func `The option --json prints an object, --quiet nothing`() throws {
    let printed = try convert("model.xcw", ["--json"])
    #expect(try JSONSerialization.jsonObject(with: Data(printed.output.utf8)) is [String: Any])
    #expect(try convert("model.xcw", ["--quiet"]).output.isEmpty)
  }

  @Test func `What is no model is refused, and an old file stays`() throws {
    try Data("old".utf8).write(to: folder.appending(path: "model.xcw"))
    try Data("no model".utf8).write(to: folder.appending(path: "bad.keras"))
    let result = try Command.run("xception-convert", [path("bad.keras"), path("model.xcw")])
    #expect(result.status == 1)
    #expect(result.errors.contains("bad.keras"))
    #expect(try String(contentsOf: folder.appending(path: "model.xcw"), encoding: .utf8) == "old")
  }

  @Test(arguments: [["--precision", "fp8"], ["--input-size", "0"], ["--quiet", "--json"]])
  func `Wrong usage exits with 64`(options: [String]) throws {
    let result = try convert("model.xcw", options)
    #expect(result.status == 64)
    #expect(!result.errors.isEmpty)
  }
}
