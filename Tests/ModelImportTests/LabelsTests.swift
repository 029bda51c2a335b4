import Testing

@testable import ModelImport

@Suite("Labels")
struct LabelsTests {
  private func parse(_ text: String) throws(ImportError) -> [String] { try Labels.parse(Array(text.utf8)) }

  @Test("come from lines, JSON arrays, class indices and lists")
  func forms() throws {
    #expect(try parse("cup\r\n fork \nknife\n") == ["cup", "fork", "knife"])
    #expect(try parse(#" ["cup", "fork"]"#) == ["cup", "fork"])
    #expect(try parse(#"{"1": ["n01", "goldfish"], "0": ["n00", "tench"]}"#) == ["tench", "goldfish"])
    #expect(try parse(#"{"0": "a"}"#) == ["a"])
    #expect(try Labels.read("cup, fork,two words") == ["cup", "fork", "two words"])
  }

  @Test(
    "are refused where one is missing", arguments: ["", "a\n\nb", "[1]", #"{"0": "a", "2": "b"}"#, "{}", #"{"0": 1}"#])
  func refusals(text: String) {
    #expect(throws: ImportError.self) { try parse(text) }
  }

  @Test("are refused where neither a file nor a list is named")
  func noFile() {
    #expect(throws: ImportError.file(path: "no-such-file", reason: "No such file or directory")) {
      try Labels.read("no-such-file")
    }
  }
}
