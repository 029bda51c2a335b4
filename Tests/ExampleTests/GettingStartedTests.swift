import Foundation
import SmallModel
import Testing
import Xception

@Suite("The getting-started article")
struct GettingStartedTests {
  @Test("Every function of the article is compiled, word for word")
  func articleIsCompiled() throws {
    let here = URL(filePath: #filePath).deletingLastPathComponent()
    let compiled = try String(contentsOf: here.appending(path: "GettingStarted.swift"), encoding: .utf8)
    let article = try String(
      contentsOf: here.appending(path: "../../Sources/Xception/Xception.docc/GettingStarted.md"), encoding: .utf8)
    let functions = article.split(separator: "```").compactMap { block -> Substring? in
      guard block.hasPrefix("swift\n"), let start = block.range(of: "func ") else { return nil }
      return block[start.lowerBound...]
    }
    #expect(functions.count == 3)
    for function in functions { #expect(compiled.contains(function), "not compiled:\n\(function)") }
  }

  @Test("The article's code runs")
  func articleRuns() async throws {
    let model = try SmallModel.shared.get()
    try describe(photo: model.photos[0], model: model.file)
    let labels = try await labels(of: model.photos, model: model.file)
    #expect(Set(labels.keys) == Set(model.photos))
    let classifier = try Classifier(contentsOf: model.file)
    #expect(abs(try similarity(model.photos[0], model.photos[0], classifier: classifier) - 1) < 1e-5)
    #expect(try similarity(model.photos[0], model.photos[1], classifier: classifier) < 0.9999)
  }
}
