import Testing

@testable import ModelImport

@Suite("The zip reader")
struct ZipArchiveTests {
  private let archive = zip([("a", [1, 2, 3]), ("empty", []), ("folder/b", Array(repeating: 7, count: 500))])

  @Test func `Gives stored and deflated entries`() throws {
    let stored = try ZipArchive(archive)
    #expect(try stored.contents(of: "a", limit: 3)?.array == [1, 2, 3])
    #expect(try stored.contents(of: "empty", limit: 0)?.array == [])
    #expect(try stored.contents(of: "b", limit: 500)?.array == nil)
    let deflated = try ZipArchive(try Fixture("every_layer.keras").bytes)
    #expect(try deflated.contents(of: "metadata.json", limit: 100)?.array.first == UInt8(ascii: "{"))
  }

  @Test func `Refuses entries above a limit before it allocates`() throws {
    #expect(throws: ImportError.archive(entry: "folder/b", reason: "has 500 bytes, more than the limit of 499")) {
      try ZipArchive(archive).contents(of: "folder/b", limit: 499)
    }
    let size = try #require(firstIndex(of: [0x50, 0x4b, 1, 2], in: archive)) + 24
    var lying = archive
    lying.replaceSubrange(size..<size + 4, with: [0xff, 0xff, 0xff, 0x7f])
    #expect(throws: ImportError.archive(entry: "a", reason: "claims 2147483647 bytes from 3")) {
      try ZipArchive(lying).contents(of: "a", limit: .max)
    }
  }

  @Test func `Never gives other contents than those that were packed, whatever byte is changed`() throws {
    let bytes = try Fixture("sequential.keras").bytes
    let names = ["metadata.json", "config.json", "model.weights.h5"]
    let original = try contents(bytes)
    for offset in bytes.indices {
      var damaged = bytes
      damaged[offset] ^= 0x41
      if let found = try? contents(damaged) {
        for name in names { #expect(found[name] == nil || found[name] == original[name], "byte \(offset)") }
      }
    }
    for count in stride(from: 0, to: bytes.count, by: 5) {
      #expect(throws: ImportError.self) { try contents(Array(bytes[..<count])) }
    }

    func contents(_ bytes: [UInt8]) throws -> [String: [UInt8]] {
      let archive = try ZipArchive(bytes)
      var result: [String: [UInt8]] = [:]
      for name in names { result[name] = try archive.contents(of: name, limit: 1 << 20)?.array }
      return result
    }
  }

  @Test func `Refuses two entries of one name`() {
    #expect(throws: ImportError.archive(entry: "a", reason: "appears twice")) {
      try ZipArchive(zip([("a", [1]), ("a", [2])]))
    }
  }

  private func firstIndex(of pattern: [UInt8], in bytes: [UInt8]) -> Int? {
    (0...bytes.count - pattern.count).first { bytes[$0...].starts(with: pattern) }
  }
}
