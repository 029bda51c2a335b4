import Architectures
import Foundation
import ModelGraph
import SmallModel
import Testing
import WeightFormat

/// Several models, and models of independent labels. The answers come from xception-run; what follows from them is
/// computed here.
@Suite("xception-inspect evaluate of several models")
struct EvaluateModelsTests {
  private static let labels = ["ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen"]

  private let folder: URL
  private let pictures: [String]
  /// The labels by probability, of each picture.
  private let rankings: [[String]]

  init() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "models-\(UUID().uuidString)")
    self.folder = folder
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let pictures = try (0..<16).map { index in
      let color = [UInt8(index % 4 * 85), UInt8(index / 4 * 85), UInt8(index * 16)]
      let file = "\(index).ppm"
      try (Data("P6 40 40 255\n".utf8) + (0..<1600).flatMap { _ in color }).write(to: folder.appending(path: file))
      return file
    }
    self.pictures = pictures
    let files = pictures.map { folder.appending(path: $0).path }
    let model = try Self.model("a", Self.labels, in: folder)
    let lines = try Line.all(Command.run("xception-run", ["--model", model, "--json", "--top", "0"] + files))
    rankings = try lines.map { try #require($0.predictions).map { try #require($0.label) } }
  }

  /// The model of the same weights for any labels: two with other orders of labels give other answers.
  private static func model(
    _ name: String, _ labels: [String], isOfLabels: Bool = false, overflows: Bool = false, in folder: URL
  ) throws -> String {
    let file = folder.appending(path: name + ".xcw")
    var model = try SmallModel.model(
      classes: labels.count, ending: isOfLabels ? .sigmoid : .softmax,
      output: isOfLabels ? .labelProbabilities : .classProbabilities, labels: labels)
    if overflows { model = try model.overflowing() }
    try WeightFile.write(model, to: file.path, profile: .compact)
    return file.path
  }

  private func list(_ truths: [[String]], named name: String = "truth.csv") throws -> String {
    let file = folder.appending(path: name)
    let lines = zip(pictures, truths).map { ([$0] + $1).joined(separator: ",") + "\n" }
    try Data(lines.joined().utf8).write(to: file)
    return file.path
  }

  private func evaluate(_ arguments: String...) throws -> Command.Result {
    let result = try Command.run("xception-inspect", ["evaluate"] + arguments)
    #expect(result.status == 0, "\(result.errors)")
    return result
  }

  /// The answers of the model whose first two labels, of those that occur most often, have changed places.
  private func exchanged() throws -> (labels: [String], answers: [String]) {
    let answers = rankings.map { $0[0] }
    let counts = Dictionary(grouping: answers) { $0 }.mapValues(\.count)
    let first = try #require(counts.max { $0.value < $1.value }?.key)
    let second = try #require(Self.labels.first { $0 != first })
    let exchange = { (label: String) in label == first ? second : label == second ? first : label }
    return (Self.labels.map(exchange), answers.map(exchange))
  }

  @Test func `Of two models it tells how often they agree, where they differ, and whether that is chance`() throws {
    let answers = rankings.map { $0[0] }
    let other = try exchanged()
    // The first picture, and one that they take for different classes, are in classes that neither model takes them for, so
    // that neither gains by them.
    var truths = answers
    for place in [0, try #require(answers.indices.last { answers[$0] != other.answers[$0] })] {
      truths[place] = try #require(Self.labels.first { $0 != answers[place] && $0 != other.answers[place] })
    }
    let same = answers.indices.count { answers[$0] == other.answers[$0] }
    let split = truths.indices.filter { (answers[$0] == truths[$0]) != (other.answers[$0] == truths[$0]) }
    #expect(split.count >= 3)
    let (a, b) = (folder.appending(path: "a.xcw").path, try Self.model("b", other.labels, in: folder))
    let truth = try list(truths.map { [$0] })

    let json = try evaluate(a, b, truth, "--json").output
    let report = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    let pair = try #require((report["pairs"] as? [[String: Any]])?.first)
    let agreement = try #require(pair["agreement"] as? [String: Any])
    #expect(agreement["count"] as? Int == same && agreement["total"] as? Int == 16)
    // All splits go one way: the chance of that, either way, is 2 of 2^n.
    let probability = 2 / pow(2, Double(split.count))
    let test = try #require(pair["mcNemar"] as? [String: Any])
    #expect(test["onlyFirst"] as? Int == split.count && test["onlySecond"] as? Int == 0)
    #expect(abs(try #require(test["probability"] as? Double) - probability) < 1e-12)
    let differences = try #require(pair["differences"] as? [[String: String]])
    func right(_ place: Int) -> String {
      answers[place] == truths[place] ? "a" : other.answers[place] == truths[place] ? "b" : "neither"
    }
    let differing = truths.indices.filter { answers[$0] != other.answers[$0] }
    #expect(
      differences
        == differing.map {
          [
            "picture": pictures[$0], "truth": truths[$0], "a": answers[$0], "b": other.answers[$0], "right": right($0),
          ]
        })
    #expect(differing.contains { right($0) == "neither" } && differing.count > split.count)

    let text = try evaluate(a, b, truth).lines.map { $0.split(separator: " ").map(String.init) }
    #expect(text.contains { $0.starts(with: ["only", "A", "right"]) && $0.last == "\(split.count)" })
    let verdict = probability < 0.05 ? "they differ" : "no difference shown"
    #expect(text.contains { $0.first == "McNemar" && $0.joined(separator: " ").hasSuffix(verdict) })
    for place in differing {
      let said = ["a": "A", "b": "B"][right(place)] ?? right(place)
      #expect(text.contains([pictures[place], truths[place], answers[place], other.answers[place], said]))
    }
    // Each model's own figures follow.
    for model in [a, b] { #expect(text.contains { $0.starts(with: ["model", model, "(fp32,"]) }) }
    for words in [["macro", "F1"], ["calibration"], ["class", "pictures"], ["probability", "pictures"]] {
      #expect(text.count { $0.starts(with: words) } == 2, "\(words)")
    }
    #expect(text.contains { $0.starts(with: ["confused", "most"]) })

    // The whole matrix: its sums are those of the classes, its diagonal what is right.
    let models = try #require(report["models"] as? [[String: Any]])
    let cells = try #require((models[0]["classes"] as? [String: Any])?["confusionMatrix"] as? [[String: Any]])
    let matrix = cells.map { ($0["truth"] as? String, $0["predicted"] as? String, $0["count"] as? Int ?? 0) }
    #expect(matrix.reduce(0) { $0 + $1.2 } == 16)
    #expect(matrix.reduce(0) { $0 + ($1.0 == $1.1 ? $1.2 : 0) } == zip(answers, truths).count { $0 == $1 })
  }

  @Test func `Four models give both tables of the paper`() throws {
    let answers = rankings.map { $0[0] }
    let other = try exchanged()
    let truth = try list(answers.map { [$0] })
    let models = [
      folder.appending(path: "a.xcw").path, try Self.model("b", other.labels, in: folder),
      try Self.model("c", Self.labels, isOfLabels: true, in: folder),
      try Self.model("d", other.labels, isOfLabels: true, in: folder),
    ]
    let result = try evaluate(models[0], models[1], models[2], models[3], truth)
    func line(of model: Int, at place: Int) throws -> [String] {
      let lines = result.lines.map { $0.split(separator: " ").map(String.init) }.filter { $0.first == models[model] }
      return try #require(lines.indices.contains(place) ? lines[place] : nil, "\(result.output)")
    }
    for words in ["mAP, of labels", "micro F1", "all right"] {
      #expect(result.lines.count { $0.hasPrefix(words) } == 2, "\(words)")
    }
    #expect(result.output.contains("Top-1 accuracy") && result.output.contains("Top-5 accuracy"))
    #expect(result.output.contains("MAP@100"))
    let right = Double(zip(answers, other.answers).count { $0 == $1 }) / 16
    // The model's rank of the true label: where the labels are exchanged, that of the other label.
    let ranks = zip(rankings, answers).map { ranking, label in
      1 + ranking.firstIndex(of: other.labels[Self.labels.firstIndex(of: label)!])!
    }
    let top5 = Double(ranks.count { $0 <= 5 }) / 16
    #expect(try line(of: 0, at: 0).contains("1.000"))
    let second = try line(of: 1, at: 0)
    #expect(second.contains(String(format: "%.3f", right)) && second.contains(String(format: "%.3f", top5)))
    // One right label a picture: the average precision is one over its rank.
    #expect(try line(of: 2, at: 0).last == "100.00")
    let precision = ranks.reduce(0) { $0 + 100 / Double($1) } / 16
    #expect(try line(of: 3, at: 0).last == String(format: "%.2f", precision))
  }

  @Test func `A picture on which one network overflows counts for none, and is named with it; the others count`() throws
  {
    let overflowing = try Self.model("overflowing", Self.labels, overflows: true, in: folder)
    let a = folder.appending(path: "a.xcw").path
    let truth = try list(rankings.map { [$0[0]] })
    let result = try Command.run("xception-inspect", ["evaluate", a, overflowing, truth])
    #expect(result.status == 1 && result.output.hasPrefix("1 picture, 15 more not classified\n"), "\(result)")
    for picture in pictures.dropFirst() {
      #expect(
        result.lines.contains { $0.hasPrefix("  \(picture): \(overflowing) (fp32): ") && $0.hasSuffix("overflowed") })
    }
    let alone = try Command.run("xception-inspect", ["evaluate", "--json", overflowing, truth])
    let report = try #require(try JSONSerialization.jsonObject(with: Data(alone.output.utf8)) as? [String: Any])
    let failures = try #require(report["failures"] as? [[String: String]])
    #expect(failures.map { $0["picture"] } == Array(pictures.dropFirst()) && report["pictures"] as? Int == 1)
    #expect(failures.allSatisfy { $0["error"]?.hasSuffix("overflowed") == true }, "\(failures)")
  }

  @Test func `Pictures are counted in their order whatever the number of threads`() throws {
    let truth = try list(rankings.map { [$0[1]] })
    let a = folder.appending(path: "a.xcw").path
    try Data("no picture".utf8).write(to: folder.appending(path: pictures[3]))
    let results = try ["1", "2", "7"].map {
      try Command.run("xception-inspect", ["evaluate", "--json", a, a, truth, "--threads", $0])
    }
    #expect(results[0].output.contains("\"failures\":[{\"error\":\"") && results[0].output.contains("\"pictures\":15"))
    #expect(results.allSatisfy { $0.output == results[0].output && $0.status == 1 })
  }

  @Test func `Labels count by their weights in MAP@100, and alike without`() throws {
    let model = try Self.model("labels", Self.labels, isOfLabels: true, in: folder)
    // The first picture has the labels that come first and third, the second the one that comes second, others none.
    let truths = [[rankings[0][0], rankings[0][2]], [rankings[1][1]]] + pictures.dropFirst(2).map { _ in [""] }
    let truth = try list(truths)
    func figure(_ arguments: [String]) throws -> [String] {
      let result = try Command.run("xception-inspect", ["evaluate", model, truth] + arguments)
      #expect(result.status == 0, "\(result.errors)")
      return try #require(result.lines.first { $0.contains("MAP@100") }).split(separator: " ").map(String.init)
    }
    // (1/1 + 2/3) / 2 and 1/2.
    #expect(try figure([]).contains("66.67"))
    let weights = folder.appending(path: "weights.csv")
    let lines = Self.labels.map { "\($0),\($0 == rankings[0][0] ? 3 : 1)\n" }.joined()
    try Data(lines.utf8).write(to: weights)
    // (3 * 1/1 + 1 * 2/3) / 4 and 1/2.
    let weighted = try figure(["--weights", weights.path])
    #expect(weighted.contains { $0.hasPrefix("70.83") } && weighted.last == "weighted")
    // Only the label that the first picture has third counts: 2/3, and nothing of the second picture.
    let ofSecond = rankings[0][2] == rankings[1][1] ? (2.0 / 3 + 0.5) / 2 : 2.0 / 3
    try Data("\(rankings[0][2]),0.5\n".utf8).write(to: weights)
    #expect(try figure(["--weights", weights.path]).contains { $0.hasPrefix(String(format: "%.2f", ofSecond * 100)) })
    let both = try Command.run("xception-inspect", ["evaluate", model, model, truth, "--weights", weights.path])
    #expect(both.lines.contains { $0.hasSuffix("MAP@100, weighted") }, "\(both)")
    try Data("label,weight\n\(rankings[0][2]),0.5\n".utf8).write(to: weights)
    #expect(try figure(["--weights", weights.path]).contains { $0.hasPrefix(String(format: "%.2f", ofSecond * 100)) })
    try Data("ant,-1\n".utf8).write(to: weights)
    let refused = try Command.run("xception-inspect", ["evaluate", model, truth, "--weights", weights.path])
    #expect(refused.status == 1 && refused.errors.contains("expected label,weight with a weight of 0 or more"))
  }

  @Test func `Models of labels are compared by the labels that each picture gets, and mistakes are shown`() throws {
    let (a, b) = (
      try Self.model("c", Self.labels, isOfLabels: true, in: folder),
      try Self.model("d", Self.labels.reversed(), isOfLabels: true, in: folder)
    )
    /// The labels that a model gives each picture.
    func answers(_ model: String) throws -> [[String]] {
      let files = pictures.map { folder.appending(path: $0).path }
      let lines = try Line.all(Command.run("xception-run", ["--model", model, "--json", "--top", "0"] + files))
      return try lines.map { line in
        try #require(line.predictions).filter { $0.probability >= 0.5 }.compactMap(\.label).sorted()
      }
    }
    let (first, second) = (try answers(a), try answers(b))
    // The first model has all right but the first picture, which neither has.
    let truths = [Self.labels.filter { !first[0].contains($0) }] + first.dropFirst()
    let truth = try list(truths.map { $0.isEmpty ? [""] : $0 })
    let page = folder.appending(path: "labels.html")
    let result = try evaluate(a, b, truth, "--json", "--html", page.path)
    let report = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    let pair = try #require((report["pairs"] as? [[String: Any]])?.first)
    let split = (1..<16).filter { first[$0] != second[$0] }
    #expect(!split.isEmpty && pair["compared"] as? String == "labels")
    let agreement = try #require(pair["agreement"] as? [String: Any])
    #expect(agreement["count"] as? Int == first.indices.count { first[$0] == second[$0] })
    let test = try #require(pair["mcNemar"] as? [String: Any])
    #expect(test["onlyFirst"] as? Int == split.count && test["onlySecond"] as? Int == 0)
    let differences = try #require(pair["differences"] as? [[String: String]])
    let differing = first.indices.filter { first[$0] != second[$0] }
    #expect(differences.map { $0["picture"] } == differing.map { pictures[$0] })
    #expect(differences.map { $0["b"] } == differing.map { second[$0].joined(separator: "; ") })
    #expect(differences.map { $0["right"] } == differing.map { $0 == 0 ? "neither" : "a" })
    let models = try #require(report["models"] as? [[String: Any]])
    let exact = models.map { ($0["labels"] as? [String: Any])?["exactMatches"] as? [String: Any] }
    #expect(exact.map { $0?["count"] as? Int } == [15, 15 - split.count])
    // One mistake of the first model, and of the second those in which it differs too.
    let text = try String(contentsOf: page, encoding: .utf8)
    #expect(
      text.count(of: "<li class") == 2 + split.count && text.count(of: "data:image/png;base64,") == 2 + split.count)
    #expect(text.count(of: "<tr class=\"entry\">") == differing.count)
    #expect(!text.contains("<svg"))
  }

  @Test func `Folders are classes, whatever folders are in them`() throws {
    let photos = folder.appending(path: "photos")
    for (place, picture) in pictures.enumerated() {
      // The last picture is in another class's folder.
      let label = place == 15 ? try #require(Self.labels.first { $0 != rankings[15][0] }) : rankings[place][0]
      let home = photos.appending(path: label).appending(path: place % 2 == 0 ? "" : "more/\(place)")
      try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
      try FileManager.default.copyItem(at: folder.appending(path: picture), to: home.appending(path: picture))
    }
    let model = folder.appending(path: "a.xcw").path
    #expect(try evaluate(model, photos.path).output.contains("15 of 16"))
    try FileManager.default.copyItem(
      at: folder.appending(path: pictures[0]), to: photos.appending(path: "loose.ppm"))
    let refused = try Command.run("xception-inspect", ["evaluate", model, photos.path])
    #expect(refused.status == 1)
    #expect(refused.errors.contains("loose.ppm is in no folder that is named as a class"))
  }
}
