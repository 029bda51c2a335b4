import Files
import PlainText
import Testing

@testable import CommandSupport

@Suite struct FileNameTests {
  private static let names: [[UInt8]] = [
    Array("photo.jpg".utf8), Array("cafe\u{301} \u{1f600}".utf8), [0xff], [0x61, 0xe9, 0x62], [0xc3],
    [0xc3, 0xc3, 0xa9],
    [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc0, 0x80], Array("\u{10ff80}".utf8),
    Array("\u{10ffff}x\u{10ff7f}".utf8), [0x1b, 0x5b, 0x33, 0x31, 0x6d], [],
  ]

  @Test(arguments: names) func `A name comes out of a string as it went in`(bytes: [UInt8]) {
    let string = FileName.string(bytes)
    #expect(FileName.bytes(string) == bytes)
    let length = unsafe string.withFileName { unsafe FileName.bytes(FileName.string(cString: $0)) }
    #expect(length == bytes)
  }

  @Test func `All pairs and random runs of bytes come out as they went in, and no two give one string`() {
    var strings = Set<[UInt8]>()
    for first in UInt8.min...UInt8.max {
      for second in UInt8.min...UInt8.max {
        let string = FileName.string([first, second])
        #expect(FileName.bytes(string) == [first, second])
        strings.insert(Array(string.utf8))
      }
    }
    #expect(strings.count == 65536)
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0...12)).map { _ in
        [UInt8.random(in: 0...255), 0xf4, 0x8f, 0xbe, 0xbf].randomElement(using: &generator)!
      }
      #expect(FileName.bytes(FileName.string(bytes)) == bytes, "\(bytes)")
    }
  }

  @Test func `A name of UTF-8 is its own string, and what is none is shown in hexadecimal`() {
    #expect(FileName.string(Array("cafe\u{301}".utf8)).utf8.elementsEqual("cafe\u{301}".utf8))
    #expect(FileName.string([0x61, 0xff, 0x62]).printable == "a\\xffb")
    #expect("a\u{1b}[31m\u{9b}\nb\u{7f}".printable == "a\\u{1b}[31m\\u{9b}\\u{a}b\\u{7f}")
    #expect("a\u{1b}\nb".printableLines == "a\\u{1b}\nb")
    #expect("caf\u{e9} \u{1f600}".printable == "caf\u{e9} \u{1f600}")
  }

  @Test func `A name with a zero inside is that of no file`() {
    #expect(throws: SystemError.self) { try FileStatus(of: "/\0etc") }
    #expect(throws: SystemError.self) { try openFile("/dev/null\0", 0) }
  }

  @Test func `JSON escapes what controls a terminal`() throws {
    let line = try jsonLine(["name": "a\u{1b}\u{9b}\u{7f}" + FileName.string([0xfe])])
    #expect(line == #"{"name":"a\u001b\u009b\u007f\\xfe"}"#)
  }

  @Test func `Many names reach the parser as a few arguments, and come apart again`() {
    let names = (0..<40_000).map { "photo \($0)" }
    let arguments = ["--model", "m.xcw"] + names + ["--json", "-", "--top", "3", "a", "b"] + names
    let joined = CommandArguments.joined(arguments)
    #expect(joined.count == 8)
    #expect(CommandArguments.separated(joined) == arguments)
    // What may be the value of an option stays alone.
    #expect(CommandArguments.joined(["--model", "m", "a", "b"]) == ["--model", "m", "a\0b"])
    #expect(CommandArguments.separated(["", "a\0\0b"]) == ["", "a", "", "b"])
  }
}
