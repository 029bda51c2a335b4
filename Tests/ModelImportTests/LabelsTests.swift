import Foundation
import Testing

@testable import ModelImport

@Suite("Labels")
struct LabelsTests {
  private func parse(_ text: String) throws(ImportError) -> [String] { try Labels.parse(Array(text.utf8)) }

  @Test func `Come from lines, JSON arrays, class indices and lists`() throws {
    #expect(try parse("cup\r\n fork \nknife\n") == ["cup", "fork", "knife"])
    #expect(try parse(#" ["cup", "fork"]"#) == ["cup", "fork"])
    #expect(try parse(#"{"1": ["n01", "goldfish"], "0": ["n00", "tench"]}"#) == ["tench", "goldfish"])
    #expect(try parse(#"{"0": "a"}"#) == ["a"])
    #expect(try Labels.read("cup, fork,two words") == ["cup", "fork", "two words"])
  }

  @Test func `Come in the forms that other tools write`() throws {
    let both = ["cat", "dog"]
    #expect(try parse(#"{"dog": 1, "cat": 0}"#) == both)
    #expect(try parse(#"{"dog": "1", "cat": "0"}"#) == both)
    #expect(try parse(#"{"0": "1", "1": "0"}"#) == ["1", "0"])
    #expect(try parse(#"{"id2label": {"0": "cat", "1": "dog"}, "label2id": {"cat": 0}}"#) == both)
    #expect(try parse(#"[{"id": 1, "name": "dog"}, {"id": 0, "name": "cat"}]"#) == both)
    #expect(try parse(#"[{"name": "cat"}, {"name": "dog"}]"#) == both)
    #expect(try parse(#"{"labels": ["cat", "dog"]}"#) == both)
    #expect(try parse("\u{feff}cat\ndog\n") == both)
    #expect(try parse("cat\ndog\n\n\n") == both)
    #expect(try parse("0 cat\n1 dog\n") == both)
    #expect(try parse("1: cat\n2: dog") == both)
    #expect(try parse("1 dog\n0 cat") == both)
    #expect(try parse("class,index\ndog,1\ncat,0\n") == both)
    #expect(try parse("0;\"cat\"\n1;dog") == both)
    #expect(try parse("3 cats\n7 dogs") == ["3 cats", "7 dogs"])
    #expect(
      try parse("tench, Tinca tinca\ngoldfish, Carassius auratus") == [
        "tench, Tinca tinca", "goldfish, Carassius auratus",
      ])
    let wide: [UInt8] = [0xff, 0xfe] + "cat\ndog".utf16.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    #expect(try Labels.parse(wide) == both)
    let bigEndian: [UInt8] = [0xfe, 0xff] + "cat\ndog".utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
    #expect(try Labels.parse(bigEndian) == both)
  }

  @Test func `Are the folders of a folder, in Keras's order or in the natural one`() throws {
    let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: root) }
    for name in ["10", "2", "1", "b", "B", ".hidden"] {
      try FileManager.default.createDirectory(at: root.appending(path: name), withIntermediateDirectories: true)
    }
    try Data().write(to: root.appending(path: "file"))
    #expect(try Labels.read(root.path) == ["1", "10", "2", "B", "b"])
    #expect(try Labels.read(root.path, order: .natural).prefix(3) == ["1", "2", "10"])
  }

  @Test func `That do not fit are an error that shows the line`() {
    #expect(throws: ImportError.labels(reason: "line 2 of 3 is empty, expected a label")) { try parse("cat\n\ndog\n") }
    #expect(
      throws: ImportError.labels(
        reason: "the numbers of the JSON object are not 0 to 1: \"b\" has 2, expected 1")
    ) { try parse(#"{"a": 0, "b": 2}"#) }
    let gap = "the numbers of the lines are not 0 to 1: \"dog\" has 2, expected 1"
    let hint = "; if the numbers belong to the names, give them as a list with commas or as JSON"
    #expect(throws: ImportError.labels(reason: gap + hint)) { try parse("0 cat\n2 dog") }
    let twice = "the numbers of the lines are not 0 to 1: \"dog\" has 0, expected 1"
    #expect(throws: ImportError.labels(reason: twice + hint)) { try parse("0 cat\n0 dog") }
  }

  @Test(arguments: ["", "a\n\nb", "[1]", #"{"0": "a", "2": "b"}"#, "{}", #"{"0": 1}"#])
  func `Are refused where one is missing`(text: String) {
    #expect(throws: ImportError.self) { try parse(text) }
  }

  @Test func `Are refused where neither a file nor a list is named`() {
    #expect(throws: ImportError.file(path: "no-such-file", reason: "No such file or directory")) {
      try Labels.read("no-such-file")
    }
  }
}
