import Testing

@testable import ModelImport

@Suite("The JSON parser")
struct JSONTests {
  private func parse(_ text: String) throws(ImportError) -> JSON { try JSONParser.parse(Array(text.utf8)) }

  @Test func `Reads values`() throws {
    let value = try parse(
      #" {"a": [1, -2.5e3, true, null, "x\n\u00e9\ud83d\ude00"], "b": {}, "n": NaN, "i": -Infinity} "#)
    #expect(value["a"] == .array([.number(1), .number(-2500), .bool(true), .null, .string("x\né😀")]))
    #expect(value["b"] == .object([:]))
    #expect(value["n"]?.number?.isNaN == true)
    #expect(value["i"]?.int == nil)
    #expect(value["a"]?.array?.first?.int == 1)
    #expect(value["a"]?.array?[1].int == -2500)
    #expect(try parse("1e300").int == nil)
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\"}", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "01x", "+1", ".5", "0x10", "inf", "nan", "tru",
    "1 2", "\"",
    "\"\\x\"", "\"\\ud800\"", "\"\\udc00\"", "\"\u{1}\"", "1e999", "--1", "'a'", "[1}",
  ])
  func `Refuses what is no JSON`(text: String) {
    #expect(throws: ImportError.self) { try parse(text) }
  }

  @Test func `Refuses deep nesting instead of running out of stack`() throws {
    #expect(try parse(String(repeating: "[", count: 128) + String(repeating: "]", count: 128)).array?.count == 1)
    #expect(throws: ImportError.json(offset: 128, reason: "nested more than 128 deep")) {
      try parse(String(repeating: "[", count: 1_000_000))
    }
  }

  @Test func `Refuses text that is not UTF-8`() {
    #expect(throws: ImportError.self) { try JSONParser.parse([0x22, 0xff, 0x22]) }
  }
}
