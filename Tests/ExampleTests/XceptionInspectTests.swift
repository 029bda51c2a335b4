import Foundation
import SmallModel
import Testing

@Suite("xception-inspect")
struct XceptionInspectTests {
  let model: SmallModel

  init() throws { model = try SmallModel.shared.get() }

  private func inspect(_ arguments: String...) throws -> Command.Result {
    try Command.run("xception-inspect", [model.file.path] + arguments)
  }

  @Test func `It says what is in the file`() throws {
    let result = try inspect()
    #expect(result.status == 0, "\(result.errors)")
    for fact in ["Xception", "40x40x3", "compact", "5: ant, bee, cat, dog, elk", "pixel / 127.5"] {
      #expect(result.output.contains(fact), "\(fact)")
    }
  }

  @Test func `The option --json gives the same to programs`() throws {
    let object = try JSONSerialization.jsonObject(with: Data(try inspect("--json").output.utf8))
    let summary = try #require(object as? [String: Any])
    #expect(summary["labels"] as? [String] == SmallModel.labels)
    let tensors = try #require(summary["tensors"] as? [[String: Any]])
    let bytes = tensors.compactMap { $0["bytes"] as? Int }
    #expect(bytes.reduce(0, +) == summary["weightBytes"] as? Int)
    #expect(try #require(summary["parameters"] as? Int) * 4 == summary["weightBytes"] as? Int)
  }

  @Test func `The option --graph prints the network before and after optimization`() throws {
    let before = try inspect("--graph", "before").output
    #expect(before.contains("batch normalization"))
    let after = try inspect("--graph", "after").output
    #expect(after.contains("separable convolution"))
    #expect(!after.contains("batch normalization"))
  }

  @Test func `The option --verify finds a flipped bit among the weights`() throws {
    #expect(try inspect("--verify").status == 0)
    var bytes = try Data(contentsOf: model.file)
    bytes[bytes.count - 100] ^= 1
    let damaged = model.folder.appending(path: "damaged.xcw")
    try bytes.write(to: damaged)
    let result = try Command.run("xception-inspect", ["--verify", damaged.path])
    #expect(result.status == 1)
    #expect(result.errors.contains("checksum") || result.errors.contains("expected"))
  }
}
