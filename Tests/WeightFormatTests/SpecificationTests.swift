import Foundation
import Testing

@testable import WeightFormat

@Suite("The specification")
struct SpecificationTests {
  /// The bytes of a line such as `03c  00 (4 times)   comment`, which begin at its first number; three spaces end them.
  private struct DumpLine {
    var offset: Int
    var bytes: [UInt8]

    init?(_ line: Substring) {
      guard line.hasPrefix("    ") else { return nil }
      let text = line.dropFirst(4)
      let words = text[..<(text.range(of: "   ")?.lowerBound ?? text.endIndex)].split(separator: " ")
      guard let first = words.first, first.count == 3, let offset = Int(first, radix: 16) else {
        return nil
      }
      self.offset = offset
      let digits = words.dropFirst().prefix { $0.count == 2 && UInt8($0, radix: 16) != nil }
      bytes = digits.map { UInt8($0, radix: 16)! }
      let rest = words.dropFirst(1 + digits.count)
      if let count = rest.first, count.hasPrefix("("), rest.dropFirst().first == "times)" {
        bytes = [UInt8](repeating: bytes[0], count: Int(count.dropFirst())!)
      }
    }
  }

  @Test func `The annotated file is the sample, byte for byte`() throws {
    let folder = SampleTests.folder.deletingLastPathComponent()
    let text = try String(contentsOf: folder.appending(path: "xcw.md"), encoding: .utf8)
    let section = text[try #require(text.range(of: "## 9. An annotated file")).upperBound...]
    var bytes: [UInt8] = []
    for line in section.split(separator: "\n").compactMap(DumpLine.init) {
      #expect(line.offset == bytes.count, "at \(String(line.offset, radix: 16))")
      bytes += line.bytes
    }
    #expect(bytes == [UInt8](try Data(contentsOf: SampleTests.folder.appending(path: "least.xcw"))))
  }
}
