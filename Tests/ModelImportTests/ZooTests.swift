import Foundation
import ModelGraph
import Reference
import Testing

@testable import ModelImport

/// Networks of torchvision and timm at full size, which are too large to be kept here: run with the folder that they were
/// made into, `XCEPTION_ZOO=folder swift test --filter ZooTests`, and part of the names in `XCEPTION_ZOO_ONLY`.
///
/// A folder has a picture `NAME.ppm`, the framework's output for it and how the picture becomes the input in `NAME.json`, and the
/// network in files `NAME.*`.
@Suite("Networks of PyTorch at full size")
struct ZooTests {
  private struct Expected: Decodable {
    var side: Int
    var mean: [Float]
    var std: [Float]
    var output: [Float]
  }

  private static let folder = ProcessInfo.processInfo.environment["XCEPTION_ZOO"]
  private static let kinds = ["onnx", "dynamo.onnx", "safetensors", "pth", "legacy.pth"]

  private static let files: [String] = {
    guard let folder, let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return [] }
    let only = ProcessInfo.processInfo.environment["XCEPTION_ZOO_ONLY"]?.split(separator: ",").map(String.init)
    return names.filter { name in
      kinds.contains { name.hasSuffix("." + $0) } && only?.contains { name.hasPrefix($0) } ?? true
    }.sorted()
  }()

  @Test(.enabled(if: folder != nil), arguments: files)
  func `Compute what PyTorch computes`(file: String) throws {
    let base = try #require(Self.folder) + "/" + file.prefix { $0 != "." }
    let expected = try JSONDecoder().decode(
      Expected.self, from: try Data(contentsOf: URL(fileURLWithPath: base + ".json")))
    let model = try ModelImporter.read(path: try #require(Self.folder) + "/" + file).model
    let input = try pixels(of: base + ".ppm", side: expected.side).enumerated().map {
      (Float($0.element) / 255 - expected.mean[$0.offset % 3]) / expected.std[$0.offset % 3]
    }
    let output = try ReferenceExecutor(model.graph).run(input)
    try #require(output.count == expected.output.count)
    let largest = expected.output.reduce(0) { max($0, $1.magnitude) }
    let difference = zip(output, expected.output).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
    print("\(file): \(model.graph.nodes.count) nodes, difference \(difference / largest) of the largest logit")
    #expect(difference <= 1e-4 * largest)
  }

  private func pixels(of path: String, side: Int) throws -> [UInt8] {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    return Array(bytes.suffix(side * side * 3))
  }
}
