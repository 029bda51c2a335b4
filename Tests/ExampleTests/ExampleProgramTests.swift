import Foundation
import SmallModel
import Testing

@Suite("The example programs")
struct ExampleProgramTests {
  @Test func `Classify prints the best class of each photo`() throws {
    let model = try SmallModel.shared.get()
    let result = try Command.run("classify", [model.file.path] + model.photos.map(\.path))
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.lines.count == 2)
    for (line, photo) in zip(result.lines, model.photos) {
      #expect(line.hasPrefix(photo.lastPathComponent + " "))
      #expect(SmallModel.labels.contains { line.contains(" \($0) ") })
    }
  }

  @Test func `Embed prints how alike two photos are`() throws {
    let model = try SmallModel.shared.get()
    func similarity(_ first: URL, _ second: URL) throws -> Float {
      let result = try Command.run("embed", [model.file.path, first.path, second.path])
      return try #require(Float(result.output.trimmingCharacters(in: .newlines)), "\(result.errors)")
    }
    #expect(abs(try similarity(model.photos[0], model.photos[0]) - 1) < 1e-5)
    #expect(try similarity(model.photos[0], model.photos[1]) < 0.9999)
  }
}
