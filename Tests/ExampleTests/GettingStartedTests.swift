import Foundation
import SmallModel
import Testing
import Xception

@Suite("The getting-started article")
struct GettingStartedTests {
  @Test func `Every function of the article is compiled, word for word`() throws {
    let compiled = try text("Tests/ExampleTests/GettingStarted.swift")
    let article = try text("Sources/Xception/Xception.docc/GettingStarted.md")
    let functions = article.split(separator: "```").compactMap { block -> Substring? in
      guard block.hasPrefix("swift\n"), let start = block.range(of: "func ") else { return nil }
      return block[start.lowerBound...]
    }
    #expect(functions.count == 7)
    for function in functions { #expect(compiled.contains(function), "not compiled:\n\(function)") }
  }

  @Test func `The README's example is compiled, word for word`() throws {
    let blocks = try text("README.md").split(separator: "```").filter { $0.hasPrefix("swift\n") }
    #expect(blocks.count == 1)
    let lines = try #require(blocks.first).split(separator: "\n").drop { !$0.hasPrefix("let ") }
    let body = lines.map { "  \($0)\n" }.joined()
    #expect(try text("Tests/ExampleTests/GettingStarted.swift").contains(body), "not compiled:\n\(body)")
  }

  private func text(_ path: String) throws -> String {
    let here = URL(filePath: #filePath).deletingLastPathComponent()
    return try String(contentsOf: here.appending(path: "../../\(path)"), encoding: .utf8)
  }

  @Test func `The article's code runs`() async throws {
    let model = try SmallModel.shared.get()
    try describe(photo: model.photos[0], model: model.file)
    try await label(model.photos + [model.file], model: model.file)
    let labels = try await labels(of: model.photos, model: model.file)
    #expect(Set(labels.keys) == Set(model.photos))
    let classifier = try Classifier(contentsOf: model.file)
    #expect(abs(try similarity(model.photos[0], model.photos[0], classifier: classifier) - 1) < 1e-5)
    #expect(try similarity(model.photos[0], model.photos[1], classifier: classifier) < 0.9999)
    let heatmap = try highlight("cat", in: model.photos[0], by: classifier)
    #expect(heatmap.starts(with: [0x89, 0x50, 0x4e, 0x47]))
    let last = try #require(classifier.layerNames.last)
    #expect(try values(of: last, for: model.photos[0], of: classifier).count == 5)
    let careful = try smallPhotosOnly(model: model.file)
    #expect(SmallModel.labels.contains(caption(for: model.photos[0], by: careful)))
    #expect(caption(for: model.file, by: careful).hasPrefix("no photo: "))
    let huge = model.folder.appending(path: "huge.ppm")
    try Data("P6 4000 4000 255\n".utf8).write(to: huge)
    #expect(caption(for: huge, by: careful) == "16000000 pixels, at most 12000000 please")
  }
}
