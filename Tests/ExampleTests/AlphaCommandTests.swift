import Foundation
import ModelGraph
import Testing
import Xception

/// A network whose input has alpha, made by Keras with make_alpha.py of ImageInputTests.
@Suite("A network of four channels")
struct AlphaCommandTests {
  private let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../ImageInputTests/Fixtures/alpha").standardized
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "alpha-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private var model: URL { folder.appending(path: "model.xcw") }

  private func convert(_ options: [String] = []) throws -> Command.Result {
    try Command.run("xception-convert", [fixtures.appending(path: "model.keras").path, model.path] + options)
  }

  private func expected() throws -> [String: [Float]] {
    try JSONDecoder().decode(
      [String: [Float]].self, from: Data(contentsOf: fixtures.appending(path: "expected.json")))
  }

  @Test(arguments: [Preprocessing.Filter.nearest, .bilinear, .bicubic])
  func `Its pictures give what Keras gives, with alpha and without`(filter: Preprocessing.Filter) throws {
    let converted = try convert(["--filter", filter.rawValue, "--antialias"])
    #expect(converted.status == 0, "\(converted.errors)")
    #expect(converted.errors.contains("red, green, blue and alpha, which is 255 where a picture has none"))
    let classifier = try Classifier(contentsOf: model)
    for name in ["cutout", "gray", "opaque"] {
      let picture = fixtures.appending(path: name + ".png")
      let values = try #require(try expected()["\(name)-\(filter.rawValue)"])
      let probabilities = try classifier.classification(of: .file(picture)).probabilities
      #expect(zip(probabilities, values).allSatisfy { abs($0 - $1) < 1e-5 }, "\(name): \(probabilities)")
      let run = try Command.run("xception-run", ["--model", model.path, "--json", "--top", "0", picture.path])
      #expect(run.status == 0, "\(run.errors)")
    }
  }

  @Test func `Takes alpha itself, and refuses to be told how transparent pixels look`() throws {
    #expect(try convert().status == 0)
    let picture = fixtures.appending(path: "cutout.png").path
    for alpha in ["white", "black", "drop"] {
      let run = try Command.run("xception-run", ["--model", model.path, picture, "--alpha", alpha])
      #expect(run.status != 0 && run.output.isEmpty)
      #expect(run.errors.contains("--alpha says how transparent pixels look, but the model has four channels"))
    }
    let truth = folder.appending(path: "truth.csv")
    try "\(picture),0\n".write(to: truth, atomically: true, encoding: .utf8)
    let arguments = ["evaluate", model.path, truth.path]
    let measured = try Command.run("xception-inspect", arguments)
    #expect(measured.status == 0, "\(measured.errors)")
    let refused = try Command.run("xception-inspect", arguments + ["--alpha", "black"])
    #expect(refused.status != 0 && refused.errors.contains("the model has four channels"), "\(refused.errors)")
  }

  @Test func `A heatmap of it is drawn, and its preprocessing can be replaced`() throws {
    #expect(try convert().status == 0)
    let picture = fixtures.appending(path: "cutout.png")
    let heatmap = folder.appending(path: "heatmap.png")
    let drawn = try Command.run("xception-run", ["--model", model.path, "--heatmap", heatmap.path, picture.path])
    #expect(drawn.status == 0, "\(drawn.errors)")
    #expect(FileManager.default.fileExists(atPath: heatmap.path))
    func run(_ options: [String]) throws -> Command.Result {
      try Command.run("xception-run", ["--model", model.path, picture.path] + options)
    }
    let plain = try run([])
    #expect(try run(["--preprocess", "keras"]).output == plain.output)
    #expect(try run(["--mean", "127.5,127.5,127.5,127.5"]).output == plain.output)
    #expect(try run(["--mean", "127.5,127.5,127.5,0"]).output != plain.output)
    let torch = ["--preprocess", "torch", "--stretch"]
    let refused = try convert(torch)
    #expect(refused.status != 0 && refused.errors.contains("give as many with --mean and --std"), "\(refused.errors)")
    #expect(try convert(torch + ["--mean", "0.4,0.4,0.4,0.5", "--std", "0.2,0.2,0.2,1"]).status == 0)
    let three = try run(["--mean", "127.5,127.5,127.5"])
    #expect(three.status != 0 && three.errors.contains("expected 4 finite numbers"), "\(three.errors)")
  }
}
