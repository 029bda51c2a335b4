import Foundation
import ImageInput

/// The files beside the tests; make_fixtures.py makes them.
enum Fixture {
  static let folder = Bundle.module.resourceURL!.appending(path: "Fixtures").path

  static func path(_ name: String) -> String { folder + "/" + name }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path(name))))
  }

  /// The names without extension of all files of a folder that end so, sorted.
  static func names(in subfolder: String, endingWith ending: String) -> [String] {
    let files = try! FileManager.default.contentsOfDirectory(atPath: path(subfolder))
    return files.filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }.sorted()
  }

  /// An image that was expected, of a PPM file as make_fixtures.py writes it: read here without the decoder under test.
  static func expected(_ name: String) throws -> Image {
    let bytes = try bytes(name + ".ppm")
    let lines = bytes.split(separator: 0x0a, maxSplits: 3, omittingEmptySubsequences: false)
    let size = String(decoding: lines[1], as: UTF8.self).split(separator: " ").map { Int($0)! }
    return try Image(width: size[0], height: size[1], pixels: Array(lines[3]))
  }

  /// Values of `tf.image.resize`, kept as 64 times the value.
  static func values(_ name: String) throws -> [Float] {
    let bytes = try bytes(name + ".i16")
    return stride(from: 0, to: bytes.count, by: 2).map {
      Float(Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)) / 64
    }
  }
}

/// The largest difference of two images' pixels, or nil where their sizes differ.
func largestDifference(_ first: Image, _ second: Image) -> Int? {
  guard first.width == second.width, first.height == second.height else { return nil }
  var largest = 0
  for index in first.pixels.indices {
    largest = max(largest, abs(Int(first.pixels[index]) - Int(second.pixels[index])))
  }
  return largest
}
