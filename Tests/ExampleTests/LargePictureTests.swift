import Foundation
import SmallModel
import TestSupport
import Testing

/// The largest pictures of cameras, through the release command: the one that is built with the tests takes minutes.
@Suite(
  .enabled(if: ProcessInfo.processInfo.environment["XCEPTION_BIN"] != nil, "XCEPTION_BIN names no release commands"))
struct LargePictureTests {
  let model: SmallModel
  let folder: URL

  init() throws {
    model = try SmallModel.shared.get()
    folder = model.folder.appending(path: "large-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func run(_ picture: URL, _ options: String...) throws -> Command.Result {
    try Command.run("xception-run", ["--model", model.file.path, "--timings", "--json", picture.path] + options)
  }

  /// The most memory that was resident, in MB.
  private func peak(_ result: Command.Result) throws -> Double {
    #expect(result.status == 0, "\(result)")
    return try #require(Double(result.errors.firstMatch(of: /peak resident memory +([0-9.]+) MB/)?.1 ?? ""))
  }

  @Test func `A JPEG of 108 megapixels takes the size of its file and 15 MB`() throws {
    func peak(width: Int, height: Int) throws -> (memory: Double, file: Double) {
      let file = folder.appending(path: "\(width).jpg")
      let bytes = PlainJPEG(width: width, height: height, isProgressive: false).bytes
      try Data(bytes).write(to: file)
      return (try self.peak(run(file)), Double(bytes.count) / 1e6)
    }
    let (small, large) = (try peak(width: 120, height: 90), try peak(width: 12_000, height: 9_000))
    #expect(large.memory - small.memory < large.file + 16, "\(small) \(large)")
    // Of its pixels, 324 MB, it must have read all.
    #expect(large.file > 1)
  }

  @Test func `A PPM of 200 megapixels, which is the limit, is no file too large`() throws {
    let file = folder.appending(path: "sparse.ppm")
    let header = Data("P6 20000 10000 255\n".utf8)
    try header.write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    try handle.truncate(atOffset: UInt64(header.count + 600_000_000))
    try handle.close()
    defer { try? FileManager.default.removeItem(at: file) }
    // The file once, and no pixels besides.
    #expect(try peak(run(file)) < 600 + 100)
    let refused = try run(file, "--max-megapixels", "199")
    #expect(refused.status == 1)
    #expect(try Line.all(refused).first?.error?.contains("limit") == true, "\(refused)")
  }
}
