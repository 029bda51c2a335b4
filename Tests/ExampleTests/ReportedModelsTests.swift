import Foundation
import Testing

@Suite("The models that were reported")
struct ReportedModelsTests {
  private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

  @Test func `Have a test each, which is there`() throws {
    let names = FileManager.default.enumerator(atPath: Self.tests.path)?.compactMap { $0 as? String } ?? []
    let sources = try names.filter { $0.hasSuffix("Tests.swift") }.map {
      try String(contentsOf: Self.tests.appending(path: $0), encoding: .utf8)
    }
    let page = try String(contentsOf: Self.tests.appending(path: "reported-models.md"), encoding: .utf8)
    let rows = page.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst(2)
    #expect(rows.count >= 28)
    for row in rows {
      let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      try #require(cells.count == 4, "\(row)")
      let test = cells[3].prefix { $0 != "(" }.trimmingCharacters(in: .whitespaces)
      #expect(sources.contains { $0.contains("func `\(test)`") }, "\(test)")
    }
  }
}
