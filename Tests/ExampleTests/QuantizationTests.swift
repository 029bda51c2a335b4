import Foundation
import SmallModel
import Testing

@Suite("Quantizing and comparing")
struct QuantizationTests {
  private let model: SmallModel
  private let folder: URL

  init() throws {
    model = try SmallModel.shared.get()
    folder = FileManager.default.temporaryDirectory.appending(path: "quantize-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder.appending(path: "photos"), withIntermediateDirectories: true)
    for photo in model.photos {
      try FileManager.default.copyItem(at: photo, to: folder.appending(path: "photos/\(photo.lastPathComponent)"))
    }
  }

  private func path(_ name: String) -> String { folder.appending(path: name).path }

  private func convert(_ arguments: String..., to output: String = "int8.xcw") throws -> Command.Result {
    try Command.run("xception-convert", [model.file.path, path(output)] + arguments)
  }

  private func compare(_ a: String, _ b: String, _ arguments: String...) throws -> Command.Result {
    try Command.run("xception-inspect", ["compare", a, b, "--images", path("photos")] + arguments)
  }

  private func object(_ result: Command.Result) throws -> [String: Any] {
    try #require(result.status == 0, "\(result.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
  }

  @Test func `The option --quantize int8 prints each layer's signal-to-noise ratio, the sizes and both speeds`() throws
  {
    let result = try convert("--quantize", "int8")
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      result.lines.contains {
        $0.wholeMatch(of: /block14_sepconv2 +[0-9]+ +int8 +[34][0-9]\.[0-9] +[0-9]+ +[0-9]+/) != nil
      })
    #expect(result.output.contains(/\nprecision +fp32 +int8\n/))
    #expect(result.output.contains(/\nsize +[0-9.]+ MB +[0-9.]+ MB\n|\nsize +[0-9.]+ [a-zMB]+ +[0-9.]+ [a-zMB]+\n/))
    #expect(result.output.contains(/\nint8 is (not faster than|[0-9.]+ times as fast as) fp32 on this machine \(/))
    #expect(!result.output.contains("feature cosine"))
  }

  @Test func `The quantized file runs in int8, passes its own check, and is canonical`() throws {
    #expect(try convert("--quantize", "int8", "--quiet").output.isEmpty)
    #expect(try convert("--quantize", "int8", "--quiet", to: "again.xcw").status == 0)
    #expect(
      try Data(contentsOf: folder.appending(path: "int8.xcw")) == Data(contentsOf: folder.appending(path: "again.xcw")))
    let summary = try object(Command.run("xception-inspect", [path("int8.xcw"), "--json", "--verify"]))
    #expect(summary["precision"] as? String == "int8")
    #expect(summary["requiredFeatures"] as? Int == 3)
    #expect(summary["labels"] as? [String] == SmallModel.labels)
    let checks = try #require(summary["goldenChecks"] as? [[String: Any]])
    #expect(checks.map { $0["precision"] as? String } == ["fp32", "int8"])
    #expect(checks.allSatisfy { $0["passed"] as? Bool == true })
    let line = try Line.all(Command.run("xception-run", ["--model", path("int8.xcw"), "--json", model.photos[0].path]))
    #expect(line[0].precision == "int8")
  }

  @Test func `The option --validate adds how far both agree about the pictures of a folder`() throws {
    let text = try convert("--quantize", "int8", "--validate", path("photos"))
    for fact in ["pictures", "same class", "largest probability difference", "feature cosine, mean"] {
      #expect(text.output.contains("\n\(fact) "), "\(fact) is missing in \(text.output)\(text.errors)")
    }
    let summary = try object(convert("--quantize", "int8", "--validate", path("photos"), "--json"))
    let quantized = try #require(summary["quantized"] as? [[String: Any]])
    #expect(quantized.count { $0["type"] as? String == "int8" } == 32)
    #expect(quantized.allSatisfy { $0["signalToNoise"] as? Double ?? 0 > 30 })
    let comparison = try #require(summary["comparison"] as? [String: Any])
    let pictures = try #require(comparison["pictures"] as? [String: Any])
    #expect(pictures["count"] as? Int == 2)
    #expect(pictures["featureCosineWorst"] as? Double ?? 0 > 0.98)
    #expect((comparison["b"] as? [String: Any])?["precision"] as? String == "int8")
  }

  @Test
  func
    `The option --precision bf16 folds and halves the file, which then runs in bf16, and --validate compares it too`()
    throws
  {
    let result = try object(convert("--precision", "bf16", "--validate", path("photos"), "--json", to: "bf16.xcw"))
    let pictures = try #require((result["comparison"] as? [String: Any])?["pictures"] as? [String: Any])
    #expect(pictures["featureCosineWorst"] as? Double ?? 0 > 0.999)
    let summary = try object(Command.run("xception-inspect", [path("bf16.xcw"), "--json", "--verify"]))
    #expect(summary["precision"] as? String == "bf16")
    let (bytes, parameters) = (summary["weightBytes"] as? Int ?? 0, summary["parameters"] as? Int ?? 0)
    #expect(bytes < 5 * parameters / 2, "vectors stay fp32")
    let tensors = try #require(summary["tensors"] as? [[String: Any]])
    let depthwise = tensors.filter { ($0["name"] as? String)?.hasSuffix("depthwise/kernel") == true }
    #expect(depthwise.count == 34 && depthwise.allSatisfy { $0["type"] as? String == "float16" })
    #expect(tensors.count { $0["type"] as? String == "bfloat16" } == 32)
    let again = try Command.run("xception-convert", [path("bf16.xcw"), path("again.xcw"), "--precision", "bf16"])
    #expect(again.status == 0)
    #expect(
      try Data(contentsOf: folder.appending(path: "bf16.xcw")) == Data(contentsOf: folder.appending(path: "again.xcw")))
  }

  @Test func `The new file is not written over a picture or the names of the classes`() throws {
    let names = path("names.txt")
    try Data("a\nb\nc\nd\ne\n".utf8).write(to: URL(filePath: names))
    for (file, options) in [
      ("photos/photo2.ppm", ["--quantize", "int8", "--validate", path("photos")]), ("names.txt", ["--labels", names]),
    ] {
      let bytes = try Data(contentsOf: folder.appending(path: file))
      let result = try Command.run("xception-convert", [model.file.path, path(file)] + options)
      #expect(result.status == 1 && result.errors.contains("it is also an input"), "\(result)")
      #expect(try Data(contentsOf: folder.appending(path: file)) == bytes)
    }
  }

  @Test func `What cannot be compared or quantized is refused, and nothing is written`() throws {
    func expectRefusal(_ result: Command.Result, _ reason: String, status: Int32 = 1) {
      #expect(result.status == status && result.errors.contains(reason), "\(result.errors)")
    }
    expectRefusal(try convert("--quantize", "int8", "--validate", "/nowhere/at/all"), "/nowhere/at/all")
    expectRefusal(try convert("--quantize", "int8", "--validate", path("photos") + "/photo2.ppm"), "it is not a folder")
    try FileManager.default.createDirectory(at: folder.appending(path: "empty"), withIntermediateDirectories: true)
    expectRefusal(try convert("--quantize", "int8", "--validate", path("empty")), "holds no pictures")
    try Data("no picture".utf8).write(to: folder.appending(path: "empty/bad.png"))
    expectRefusal(
      try convert("--quantize", "int8", "--validate", path("empty")), "none of the pictures can be classified")
    expectRefusal(try convert("--validate", path("photos")), "--validate", status: 64)
    expectRefusal(try convert("--quantize", "int8", "--precision", "bf16"), "cannot be used together", status: 64)
    expectRefusal(try convert("--quantize", "int4"), "int4", status: 64)
    expectRefusal(try convert("--quantize", "int8", "--labels", "a,b"), "2 labels, expected 5")
    expectRefusal(try convert("--quantize", "int8", "--output", "logits"), "cannot be changed")
    #expect(!FileManager.default.fileExists(atPath: path("int8.xcw")))
    expectRefusal(try convert("--quantize", "int8", to: "no/such/folder.xcw"), "cannot create")
    #expect(try convert("--quantize", "int8", "--quiet").status == 0)
    let again = try Command.run("xception-convert", [path("int8.xcw"), path("again.xcw"), "--quantize", "int8"])
    expectRefusal(again, "int8 already")
    let rounded = try Command.run("xception-convert", [path("int8.xcw"), path("again.xcw"), "--precision", "bf16"])
    expectRefusal(rounded, "int8 already")
  }

  @Test func `A weights file can be stored in another way, with other labels`() throws {
    #expect(try convert("--stored", "--labels", "a,b,c,d,e", "--quiet", to: "stored.xcw").status == 0)
    let summary = try object(Command.run("xception-inspect", [path("stored.xcw"), "--json", "--verify"]))
    #expect(summary["profile"] as? String == "stored")
    #expect(summary["precision"] as? String == "fp32")
    #expect(summary["labels"] as? [String] == ["a", "b", "c", "d", "e"])
  }

  @Test func `Compare tells how far two models agree, in text and for programs`() throws {
    let file = model.file.path
    let text = try compare(file, file, "--precision-b", "int8")
    #expect(text.status == 0, "\(text.errors)")
    #expect(text.output.contains(/\nprecision +fp32 +int8\n/))
    #expect(text.output.contains(/\nfeature cosine, worst +0\.9[0-9]+ \(photo[23]\.ppm\)/))
    let same = try object(compare(file, file, "--json", "--threads", "1", "--isa", "portable"))
    #expect(same["threads"] as? Int == 1 && same["isa"] as? String == "portable")
    let pictures = try #require(same["pictures"] as? [String: Any])
    #expect(pictures["sameClass"] as? Int == 2 && pictures["largestProbabilityDifference"] as? Double == 0)
    #expect(abs((pictures["featureCosineMean"] as? Double ?? 0) - 1) < 1e-12)
    for side in ["a", "b"] {
      let side = try #require(same[side] as? [String: Any])
      #expect(side["milliseconds"] as? Double ?? 0 > 0 && side["bytes"] as? Int ?? 0 > 1000)
    }
  }

  @Test func `Compare leaves out what it cannot decode and says so, and refuses models that do not match`() throws {
    try Data("no picture".utf8).write(to: folder.appending(path: "photos/bad.jpg"))
    let file = model.file.path
    let report = try object(compare(file, file, "--json"))
    let pictures = try #require(report["pictures"] as? [String: Any])
    #expect(pictures["count"] as? Int == 2)
    #expect((pictures["unreadable"] as? [[String: Any]])?.first?["picture"] as? String == "bad.jpg")
    #expect(try compare(file, file).output.contains("\nnot classified, left out:\n  bad.jpg: "))

    #expect(try convert("--input-size", "48", "--quiet", to: "48.xcw").status == 0)
    let sizes = try compare(file, path("48.xcw"))
    #expect(sizes.status == 1 && sizes.errors.contains("40x40x3 and 48x48x3"))
    #expect(try convert("--labels", "a,b,c,d,e", "--quiet", to: "labels.xcw").status == 0)
    let labels = try compare(file, path("labels.xcw"))
    #expect(labels.status == 1 && labels.errors.contains("\"ant\" and \"a\""))
    #expect(try compare(file, "/nowhere/at/all").status == 1)
    #expect(try compare(file, file, "--threads", "0").status == 64)
    #expect(try Command.run("xception-inspect", ["compare", file, file]).status == 64)
  }
}
