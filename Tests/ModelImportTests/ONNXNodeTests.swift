import Foundation
import ModelGraph
import Reference
import Testing

@testable import ModelImport

/// ONNX's own tests of its operations: run with the folder that `Tests/onnx-node-tests.py` made them into,
/// `XCEPTION_ONNX_NODE_TESTS=folder swift test --filter ONNXNodeTests`.
///
/// What cannot be one: a test without an input of floats; of several images, or of maps of one or three dimensions where windows or
/// channels are meant; whose result is no number of floating point. Those are refused, each by an error that this prints; they are
/// the ones that `Tests/onnx-node-tests-refused.txt` lists.
@Suite("ONNX's node tests")
struct ONNXNodeTests {
  private static let folder = ProcessInfo.processInfo.environment["XCEPTION_ONNX_NODE_TESTS"]

  @Test(.enabled(if: folder != nil))
  func `Pass where they are not refused`() throws {
    let folder = try #require(Self.folder)
    let list = try String(contentsOfFile: folder + "/list.tsv", encoding: .utf8).split(separator: "\n")
    var (passed, wrong, refused): ([String], [String], [(name: String, reason: String)]) = ([], [], [])
    for line in list {
      let fields = line.split(separator: "\t").map(String.init)
      do throws(ImportError) {
        let difference = try run(folder + "/" + fields[0], sizes: fields[2])
        if difference <= 1 { passed.append(fields[0]) } else { wrong.append("\(fields[0]): \(difference) tolerances") }
      } catch {
        refused.append((fields[0], "\(error)"))
      }
    }
    print(refused.map { "refused  \($0.name): \($0.reason)" }.joined(separator: "\n"))
    print(wrong.map { "WRONG    \($0)" }.joined(separator: "\n"))
    print("ONNX's node tests: \(passed.count) pass, \(wrong.count) are wrong, \(refused.count) are refused")
    #expect(wrong.isEmpty)
    #expect(passed.count >= 363)
    let expected = try refusedNames()
    #expect(refused.map(\.name).filter { !expected.contains($0) } == [], "refused, but not listed")
    #expect(expected.subtracting(refused.map(\.name)).sorted() == [], "listed, but not refused")
  }

  /// The list beside the script: a name a line, after comments.
  private func refusedNames() throws -> Set<String> {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: tests.appending(path: "onnx-node-tests-refused.txt"), encoding: .utf8)
    return Set(text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init))
  }

  /// - Returns: The largest difference in tolerances of a thousandth of the value, as in ONNX's own runner, and 1e-6.
  private func run(_ path: String, sizes: String) throws(ImportError) -> Float {
    let file = try ForeignFile(path: path + ".onnx", limit: 1 << 30)
    let model = try unsafe file.bytes.withUnsafeBytes { bytes throws(ImportError) in try unsafe ONNXMessages.read(bytes)
    }
    var arrays = ONNXArrays(file, limits: ImportLimits())
    let translation = try ONNXTranslator.translate(model, arrays: &arrays, inputSize: nil)
    let expected = try floats(path + ".out")
    let given = try floats(path + ".in")
    let (places, results) = (translation.input.memoryOffsets, translation.output.memoryOffsets)
    guard given.count == places.count, expected.count == results.count else { return .infinity }
    let shape =
      translation.output.sizes.isEmpty ? "1" : translation.output.sizes.map(String.init).joined(separator: "x")
    guard shape == sizes else { return .infinity }
    var input = given
    for (index, place) in places.enumerated() { input[place] = given[index] }
    do {
      let output = try ReferenceExecutor(translation.graph).run(input)
      return zip(results, expected).reduce(0) { largest, pair in
        let value = output[pair.0]
        if value == pair.1 || value.isNaN && pair.1.isNaN { return largest }
        let tolerance = 1e-6 + 1e-3 * pair.1.magnitude
        let difference = (value - pair.1).magnitude / tolerance
        return difference.isNaN ? .infinity : max(largest, difference)
      }
    } catch {
      throw .model(reason: "\(error)")
    }
  }

  private func floats(_ path: String) throws(ImportError) -> [Float] {
    let file = try ForeignFile(path: path, limit: 1 << 30)
    return try NamedArray(
      name: path, dimensions: [file.bytes.count / 4], elementType: .float32, contents: file.bytes
    ).values()
  }
}
