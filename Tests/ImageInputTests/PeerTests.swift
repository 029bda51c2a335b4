import Foundation
import ImageInput
import Testing

/// A folder that read_with_pillow.py made; Tests/run.sh makes one of PngSuite.
private let folder = ProcessInfo.processInfo.environment["XCEPTION_PILLOW_PICTURES"]

@Suite(.enabled(if: folder != nil, "XCEPTION_PILLOW_PICTURES names no folder")) struct PeerTests {
  private func ppm(_ path: String) throws -> Image? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try Image(contentsOf: path)
  }

  private func difference(of path: String, _ options: DecodingOptions, from expected: Image) -> String {
    do {
      let image = try Image(contentsOf: path, options: options)
      guard let difference = largestDifference(image, expected) else {
        return "of another size, \(image.width) x \(image.height)"
      }
      return difference == 0 ? "equal" : difference <= 2 ? "within 2" : "different by \(difference)"
    } catch {
      return "refused: \(error)"
    }
  }

  @Test func `What Pillow reads is read to the same pixels`() throws {
    let folder = try #require(folder)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      .filter { !$0.hasSuffix(".refused") && !$0.hasSuffix(".truncated.ppm") }
    let read = names.filter { names.contains($0 + ".ppm") }
    var counts: [String: Int] = [:]
    for name in read {
      let expected = try #require(try ppm(folder + "/" + name + ".ppm"))
      let result = difference(of: folder + "/" + name, DecodingOptions(alpha: .drop), from: expected)
      counts[String(result.prefix { $0 != ":" && !$0.isNumber }), default: 0] += 1
      if result != "equal", result != "within 2" { print("Pillow's", name, result) }
    }
    print("Of \(read.count) pictures that Pillow reads:", counts.sorted { $0.key < $1.key })
    // PngSuite, in full.
    let suite = read.filter { $0.hasPrefix("pngsuite-") }
    for name in suite {
      let expected = try #require(try ppm(folder + "/" + name + ".ppm"))
      let result = difference(of: folder + "/" + name, DecodingOptions(alpha: .drop), from: expected)
      #expect(["equal", "within 2"].contains(result), "\(name): \(result)")
    }
  }

  @Test func `What Pillow reads of damaged files is read where damage is accepted`() throws {
    let folder = try #require(folder)
    let options = DecodingOptions(alpha: .drop, truncated: .accept)
    for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
      guard name.hasSuffix(".truncated.ppm"), let expected = try ppm(folder + "/" + name) else { continue }
      let file = folder + "/" + name.dropLast(".truncated.ppm".count)
      print("Damaged:", name, difference(of: file, options, from: expected))
    }
  }
}
