import Architectures
import Foundation
import ModelGraph
import SmallModel
import Testing
import WeightFormat

@Suite("The commands and what a network's last values mean")
struct HeadCommandTests {
  private let model: SmallModel
  private let folder: URL

  init() throws {
    model = try SmallModel.shared.get()
    folder = FileManager.default.temporaryDirectory.appending(path: "heads-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func path(_ name: String) -> String { folder.appending(path: name).path }

  private func write(_ model: Model, _ name: String) throws -> String {
    try WeightFile.write(model, to: path(name), profile: .compact)
    return path(name)
  }

  private func line(_ model: String) throws -> Line {
    let result = try Command.run("xception-run", ["--model", model, "--json", "--top", "0", self.model.photos[0].path])
    return try #require(try Line.all(result).first, "\(result.errors)")
  }

  private func object(_ command: String, _ arguments: String...) throws -> [String: Any] {
    let result = try Command.run(command, arguments + ["--json"])
    try #require(result.status == 0, "\(result.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
  }

  @Test
  func `The command xception-run gives each label its own probability, and says that they do not add up to 100 %`()
    throws
  {
    let logits = try write(SmallModel.model(ending: .logits, output: .labelLogits), "label-logits.xcw")
    let whole = try write(SmallModel.model(ending: .sigmoid, output: .labelProbabilities), "labels.xcw")
    let lines = try [line(logits), line(whole)]
    for line in lines {
      #expect(line.kind == "independent-labels" && line.predictions?.count == 5)
    }
    for (a, b) in zip(lines[0].predictions ?? [], lines[1].predictions ?? []) {
      #expect(a.label == b.label && abs(a.probability - b.probability) < 1e-6)
    }
    let sum = lines[0].predictions?.reduce(0) { $0 + $1.probability } ?? 1
    #expect(abs(sum - 1) > 0.1)
    let text = try Command.run("xception-run", ["--model", logits, model.photos[0].path])
    #expect(text.status == 0 && text.lines.count == 5 && text.errors.contains("do not add up to 100 %"))
    let exclusive = try Command.run("xception-run", ["--model", model.file.path, model.photos[0].path])
    #expect(exclusive.errors.isEmpty)
    #expect(try line(model.file.path).kind == "exclusive-classes")
  }

  @Test
  func `The command xception-run answers yes or no with a network of one logit or one probability, under both names`()
    throws
  {
    let logit = try write(
      SmallModel.model(classes: 1, ending: .logits, output: .classLogits, labels: ["dog", "cat"]), "logit.xcw")
    let probability = try write(
      SmallModel.model(classes: 1, ending: .sigmoid, labels: ["dog", "cat"]), "probability.xcw")
    let lines = try [line(logit), line(probability)]
    for line in lines {
      let predictions = try #require(line.predictions)
      #expect(line.kind == "yes-no" && predictions.count == 2)
      #expect(abs(predictions[0].probability + predictions[1].probability - 1) < 1e-6)
      for prediction in predictions { #expect(prediction.label == ["dog", "cat"][prediction.class]) }
      #expect(predictions[0].probability < 1)
    }
    #expect(lines[0].predictions?.map(\.class) == lines[1].predictions?.map(\.class))
  }

  @Test func `The commands xception-inspect and xception-convert say what the classes are to each other`() throws {
    let file = try write(SmallModel.model(classes: 1, ending: .logits, output: .labelLogits, labels: []), "one.xcw")
    let summary = try object("xception-inspect", file)
    #expect(summary["kind"] as? String == "yes-no" && summary["outputKind"] as? String == "label-logits")
    #expect(try Command.run("xception-inspect", [file]).output.contains(/\nclasses +yes or no\n/))
    let named = try object("xception-convert", file, path("named.xcw"), "--labels", "no,yes")
    #expect(named["kind"] as? String == "yes-no" && named["labels"] as? Int == 2)
    #expect(try line(path("named.xcw")).predictions?.compactMap(\.label).sorted() == ["no", "yes"])
    let text = try Command.run("xception-convert", [model.file.path, path("same.xcw")])
    #expect(text.output.contains(/\nclasses +exclusive classes\n/), "\(text.errors)")
  }

  @Test
  func `The command xception-run warns of a network that ends without a classifier, unless its values have names`()
    throws
  {
    var builder = GraphBuilder()
    let image = try builder.append("image", .input(.map(height: 8, width: 8, channels: 3)))
    let relu = try builder.append("relu", .activation(.relu), [image])
    try builder.append("pool", .globalPool(GlobalPool(.average)), [relu])
    var metadata = Metadata(architecture: "", preprocessing: .keras, output: .classLogits, converter: "")
    let file = try write(Model(graph: builder.graph, metadata: metadata), "features.xcw")
    let warned = try Command.run("xception-run", ["--model", file, model.photos[0].path])
    #expect(warned.status == 0, "\(warned.errors)")
    #expect(warned.errors.contains("the model ends without a classifier: its 3 values are probably features"))
    metadata.labels = ["red", "green", "blue"]
    let named = try write(Model(graph: builder.graph, metadata: metadata), "named.xcw")
    #expect(try Command.run("xception-run", ["--model", named, model.photos[0].path]).errors.isEmpty)
  }

  @Test func `Logits that an older file does not call logits of labels can be called so, and nothing else`() throws {
    let file = try write(SmallModel.model(ending: .logits, output: .classLogits), "logits.xcw")
    let restated = try object("xception-convert", file, path("labels.xcw"), "--output", "label-logits")
    #expect(restated["kind"] as? String == "independent-labels" && restated["output"] as? String == "label-logits")
    #expect(try line(path("labels.xcw")).kind == "independent-labels")
    for output in ["probabilities", "label-probabilities"] {
      let refused = try Command.run("xception-convert", [file, path("refused.xcw"), "--output", output])
      #expect(refused.status == 1 && refused.errors.contains("cannot be changed"), "\(refused.errors)")
    }
    #expect(try Command.run("xception-convert", [file, path("x.xcw"), "--output", "odds"]).status == 64)
    // Options that do not fit the model are wrong usage as well.
    let unfit = try Command.run("xception-convert", [file, path("x.xcw"), "--architecture", "ResNet50"])
    #expect(unfit.status == 64, "\(unfit.errors)")
    #expect(unfit.errors.contains("--architecture is for files of weights alone"), "\(unfit.errors)")
    let crops = ["--crop-to-aspect-ratio", "--stretch"]
    #expect(try Command.run("xception-convert", [file, path("x.xcw")] + crops).status == 64)
    let cropped = try Command.run("xception-convert", [file, path("x.xcw"), crops[0], "--filter", "area"])
    #expect(cropped.status == 0, "\(cropped.errors)")
    let shown = try Command.run("xception-inspect", [path("x.xcw")])
    #expect(shown.output.contains("area, cropped to the input's proportions, rgb"), "\(shown.output)")
  }

  @Test
  func `The command xception-inspect compare says what the classes are to each other, and refuses kinds that differ`()
    throws
  {
    let labels = try write(SmallModel.model(ending: .logits, output: .labelLogits), "labels.xcw")
    let images = ["--images", folder.appending(path: "photos").path]
    try FileManager.default.createDirectory(atPath: images[1], withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: model.photos[0], to: folder.appending(path: "photos/photo.ppm"))
    let report = try object("xception-inspect", "compare", labels, labels, images[0], images[1])
    #expect((report["a"] as? [String: Any])?["kind"] as? String == "independent-labels")
    let refused = try Command.run("xception-inspect", ["compare", labels, model.file.path] + images)
    #expect(refused.status == 1 && refused.errors.contains("exclusive classes"), "\(refused.errors)")
  }

  /// Two sums of some 1e8 that differ by about 10: what is left of float additions is noise.
  @Test func `A network that the kernels do not compute as plain loops do is not written`() throws {
    var generator = SplitMix64(seed: 1)
    func random() -> Float { Float.random(in: -1...1, using: &generator) }
    let first = (0..<300).map { _ in 1e8 * random() }
    let second = first.map { $0 + 1e2 * random() }
    var builder = GraphBuilder()
    try builder.append("image", .input(.map(height: 10, width: 10, channels: 3)), []) { _, _ in fatalError() }
    try builder.append("values", .flatten, [0]) { _, _ in fatalError() }
    try builder.append("sums", .dense(Dense(outputs: 2, hasBias: false)), [1]) { _, dimensions in
      Tensor(name: "sums/kernel", dimensions: dimensions, values: zip(first, second).flatMap { [$0, $1] })
    }
    try builder.append("difference", .dense(Dense(outputs: 2, hasBias: false)), [2]) { _, dimensions in
      Tensor(name: "difference/kernel", dimensions: dimensions, values: [1, -1, -1, 1])
    }
    let metadata = Metadata(architecture: "noise", preprocessing: .keras, output: .classLogits, converter: "tests")
    let file = try write(Model(graph: builder.graph, metadata: metadata), "noise.xcw")
    let result = try Command.run("xception-convert", [file, path("written.xcw")])
    #expect(result.status == 1 && result.errors.contains("does not compute what it should"), "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: path("written.xcw")))
  }
}
