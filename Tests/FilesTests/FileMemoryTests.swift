import Foundation
import Testing

@testable import Files

@Suite struct FileMemoryTests {
  /// Why a file with at most 1000 bytes cannot be read.
  private func error(_ path: String) -> FileError? {
    do throws(FileError) {
      _ = try FileMemory(path: path, limit: 1000)
      return nil
    } catch {
      return error
    }
  }

  private func path(of bytes: Data) throws -> String {
    let file = FileManager.default.temporaryDirectory.appending(path: "bytes-\(UUID().uuidString)")
    try bytes.write(to: file)
    return file.path
  }

  @Test func `A file and a pipe give their bytes, and an empty file none`() throws {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
    let path = try path(of: Data(bytes))
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(try FileMemory(path: path, limit: 1000).bytes.array == bytes)
    let pipe = Pipe()
    pipe.fileHandleForWriting.write(Data(bytes))
    try pipe.fileHandleForWriting.close()
    let descriptor = pipe.fileHandleForReading.fileDescriptor
    #expect(try FileMemory(path: "/dev/fd/\(descriptor)", limit: 1000).bytes.array == bytes)
    #expect(try FileMemory(path: "/dev/null", limit: 0).bytes.count == 0)
  }

  @Test func `What is too long, a folder or missing gives an error that names it`() throws {
    let long = try path(of: Data(count: 1001))
    defer { try? FileManager.default.removeItem(atPath: long) }
    #expect(error(long) == FileError(path: long, reason: "has 1001 bytes, more than the limit of 1000"))
    #expect(error("/dev/zero")?.reason == "has more than the limit of 1000 bytes")
    #expect(error("/")?.reason == "Is a directory")
    #expect(error(long + "\u{1b}").map { "\($0)" } == long + "\\u{1b}: No such file or directory")
  }

  @Test func `A slice or a number that is not inside is nil`() throws {
    let bytes = FileBytes([1, 2, 3, 4, 5])
    let part = try #require(bytes.slice(at: 1, count: 3))
    #expect(part.array == [2, 3, 4])
    #expect(part.suffix(from: 1)?.array == [3, 4])
    #expect(part.suffix(from: 3)?.array == [])
    #expect(part.number(at: 0, width: 3) == 0x040302)
    #expect(part.number(at: 3, width: 0) == 0)
    for (offset, count) in [(0, 4), (3, 1), (4, 0), (-1, 1), (1, -1), (.max, 1), (1, .max), (.min, .max)] {
      #expect(part.slice(at: offset, count: count) == nil, "\(offset), \(count)")
      #expect(part.number(at: offset, width: count) == nil, "\(offset), \(count)")
    }
    #expect(part.number(at: 0, width: 9) == nil)
    #expect(part.suffix(from: 4) == nil)
    #expect(part.suffix(from: .min) == nil)
  }
}
