import CSystem
import Files
import Foundation
import Testing

@Suite struct ShortenedFileTests {
  @Test func `A file that is shortened while it is mapped ends a command with a message`() async throws {
    let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
      let file = FileManager.default.temporaryDirectory.appending(path: "shortened-\(UUID().uuidString)")
      try Data(repeating: 1, count: 1 << 16).write(to: file)
      let bytes = try FileMemory(path: file.path, limit: 1 << 20).bytes
      let handle = try FileHandle(forUpdating: file)
      try FileManager.default.removeItem(at: file)
      prepare_command("reader")
      guard bytes.array.count == 1 << 16 else { exit(2) }
      try handle.truncate(atOffset: 100)
      exit(bytes.array.isEmpty ? 3 : 4)
    }
    let errors = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(errors == "reader: a file was shortened while it was read\n")
  }
}
