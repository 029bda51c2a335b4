import Foundation
import Testing

@testable import Comparison

@Suite struct PictureFolderTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "pictures-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder.appending(path: "inner/most"), withIntermediateDirectories: true)
  }

  private func make(_ names: String...) throws {
    for name in names { try Data().write(to: folder.appending(path: name)) }
  }

  @Test func `Pictures of all folders are found by the ends of their names, in order`() throws {
    try make("b.jpg", "a.PNG", "c.jpeg", "notes.txt", "png", ".hidden.png", "inner/most/d.ppm", "inner/a.pgm", "e.xcw")
    #expect(
      try PictureFolder.pictures(in: folder.path)
        == ["a.PNG", "b.jpg", "c.jpeg", "inner/a.pgm", "inner/most/d.ppm"])
    #expect(try PictureFolder.pictures(in: folder.path + "/").count == 5)
  }

  @Test func `Links are followed, but not round in circles, and what is no file is left out`() throws {
    try make("inner/a.png")
    let files = FileManager.default
    try files.createSymbolicLink(
      at: folder.appending(path: "other"), withDestinationURL: folder.appending(path: "inner"))
    #expect(mkfifo(folder.appending(path: "pipe.png").path, 0o600) == 0)
    try files.createSymbolicLink(
      at: folder.appending(path: "link.png"), withDestinationURL: folder.appending(path: "inner/a.png"))
    try files.createSymbolicLink(at: folder.appending(path: "inner/loop"), withDestinationURL: folder)
    #expect(try PictureFolder.pictures(in: folder.path) == ["inner/a.png", "link.png", "other/a.png"])
  }

  @Test func `A folder that is missing, not a folder, or without pictures is an error that says so`() throws {
    #expect(throws: ComparisonError.folder(path: "/nowhere/at/all", reason: "it does not exist")) {
      try PictureFolder.pictures(in: "/nowhere/at/all")
    }
    try make("a.txt")
    let file = folder.appending(path: "a.txt").path
    #expect(throws: ComparisonError.self) { try PictureFolder.pictures(in: file) }
    #expect(throws: ComparisonError.noPictures(folder: folder.path)) { try PictureFolder.pictures(in: folder.path) }
  }
}
