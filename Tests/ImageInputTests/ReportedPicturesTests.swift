import CZlib
import Foundation
import ImageInput
import Testing

/// Small pictures like those that users of image libraries reported as misread, and what is right for each.
@Suite struct ReportedPicturesTests {
  /// A PNG file of lines of packed samples.
  private static func png(
    width: Int, height: Int, depth: UInt8, colorType: UInt8, _ line: [UInt8], before chunks: [(String, [UInt8])] = [],
    after others: [(String, [UInt8])] = []
  ) throws -> [UInt8] {
    func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - $0 * 8)) } }
    func chunk(_ type: String, _ contents: [UInt8]) -> [UInt8] {
      let body = Array(type.utf8) + contents
      return number(contents.count) + body + number(Int(unsafe crc32(0, body, UInt32(body.count))))
    }
    let lines: [UInt8] = (0..<height).flatMap { _ in [0] + line }
    var size = compressBound(UInt(lines.count))
    var compressed = [UInt8](repeating: 0, count: Int(size))
    try #require(unsafe compress(&compressed, &size, lines, UInt(lines.count)) == Z_OK)
    let header = number(width) + number(height) + [depth, colorType, 0, 0, 0]
    return [0x89] + Array("PNG\r\n\u{1a}\n".utf8) + chunk("IHDR", header) + chunks.flatMap { chunk($0.0, $0.1) }
      + chunk("IDAT", Array(compressed.prefix(Int(size)))) + others.flatMap { chunk($0.0, $0.1) } + chunk("IEND", [])
  }

  private func row(_ bytes: [UInt8], _ alpha: DecodingOptions.Alpha = .white) throws -> [[UInt8]] {
    let image = try Image(decoding: bytes, options: DecodingOptions(alpha: alpha))
    #expect(image.width == 8 && image.height == 8)
    let rows = (0..<8).map { Array(image.pixels[$0 * 24..<$0 * 24 + 24]) }
    #expect(Set(rows).count == 1)
    return (0..<8).map { Array(rows[0][$0 * 3..<$0 * 3 + 3]) }
  }

  private func color(_ bytes: [UInt8], _ alpha: DecodingOptions.Alpha = .white) throws -> [UInt8] {
    let row = try row(bytes, alpha)
    #expect(Set(row).count == 1)
    return row[0]
  }

  private func repeated(_ pixel: [UInt8], _ count: Int = 8) -> [UInt8] { (0..<count).flatMap { _ in pixel } }

  @Test(
    arguments: [
      (0, [255, 255, 255], [0, 0, 0]), (128, [132, 137, 142], [5, 10, 15]), (255, [10, 20, 30], [10, 20, 30]),
    ] as [(UInt8, [UInt8], [UInt8])])
  func `A color below alpha shows over white and over black in its share, and as it is where alpha is dropped`(
    alpha: UInt8, white: [UInt8], black: [UInt8]
  ) throws {
    let bytes = try Self.png(width: 8, height: 8, depth: 8, colorType: 6, repeated([10, 20, 30, alpha]))
    #expect(try color(bytes) == white)
    #expect(try color(bytes, .black) == black)
    #expect(try color(bytes, .drop) == [10, 20, 30])
  }

  @Test func `Gray of 16 bits is scaled, neither cut off nor taken for white`() throws {
    let bytes = try Self.png(width: 8, height: 8, depth: 16, colorType: 0, repeated([0x80, 0x40]))
    #expect(try color(bytes) == [128, 128, 128])
  }

  @Test func `A transparent color of a palette is transparent, and another is not`() throws {
    let bytes = try Self.png(
      width: 8, height: 8, depth: 8, colorType: 3, repeated([0, 1], 4),
      before: [("PLTE", [100, 0, 0, 0, 100, 0]), ("tRNS", [0])])
    #expect(try row(bytes) == [[255, 255, 255], [0, 100, 0]] + Array(row(bytes)[2...]))
    #expect(Set(try row(bytes)) == [[255, 255, 255], [0, 100, 0]])
    #expect(try row(bytes, .drop)[0] == [100, 0, 0])
  }

  @Test(arguments: Fixture.names(in: "png", endingWith: ".png"), [1, 11, 12, 13, 16, 20])
  func `A PNG whose rows have all come is read, whatever is missing at its end`(name: String, missing: Int) throws {
    let bytes = try Fixture.bytes("png/\(name).png")
    let whole = try Image(decoding: bytes)
    let cut = Array(bytes.dropLast(missing))
    #expect(try Image(decoding: cut) == whole)
    #expect(try Image(decoding: cut, options: DecodingOptions(truncated: .accept)) == whole)
    // Rows that have not come are missing all the same.
    #expect(throws: ImageError.self) { try Image(decoding: Array(bytes.dropLast(bytes.count / 3))) }
  }

  @Test func `An animated PNG that is cut off behind its first picture is read`() throws {
    let frame = ("fdAT", [UInt8](repeating: 1, count: 100))
    let bytes = try Self.png(
      width: 8, height: 8, depth: 8, colorType: 2, repeated([10, 20, 30]),
      before: [("acTL", [0, 0, 0, 2, 0, 0, 0, 0])], after: [frame, frame])
    for missing in [0, 12, 20, 100, 130, 200] {
      #expect(try color(Array(bytes.dropLast(missing))) == [10, 20, 30])
    }
  }

  @Test func `Comments stand anywhere in a PPM's header, and samples of two bytes are scaled`() throws {
    let header = "P6\n# a comment\n8 # width\n8\n# the maximum\n65535\n"
    #expect(try color(Array(header.utf8) + repeated([0x10, 0, 0x80, 0, 0xff, 0xff], 64)) == [16, 128, 255])
  }

  @Test func `Of two pictures in a file the first one counts`() throws {
    let pictures = [77, 1].map { (gray: UInt8) in Array("P5\n8 8\n255\n".utf8) + repeated([gray], 64) }
    #expect(try color(pictures[0] + pictures[1]) == [77, 77, 77])
  }

  @Test func `Zero is white and one is black, in text and in bits`() throws {
    let files = [
      Array(("P1\n8 8\n" + String(repeating: "0 1 ", count: 32)).utf8), Array("P4\n8 8\n".utf8) + repeated([0x55]),
    ]
    for file in files {
      #expect(try row(file) == (0..<8).map { $0 % 2 == 0 ? [255, 255, 255] : [0, 0, 0] })
    }
  }

  @Test func `What a camera writes behind a photo, or leaves out at its end, does not matter`() throws {
    let photo = try Fixture.bytes("photos/coffee.jpg")
    let whole = try Image(decoding: photo)
    let trailer = [0, 0, 1, 10] + Array("Image_UTC_Data1700000000000".utf8) + Array("SEFT".utf8)
    let files = [
      photo.dropLast(2), photo.dropLast(2) + trailer, photo + trailer, photo + repeated([0], 1000),
      photo + photo,
    ]
    for file in files { #expect(try Image(decoding: Array(file)) == whole) }
  }

  @Test func `A photo that was not transferred to its end says how much is there, and is read on request`() throws {
    let photo = try Fixture.bytes("photos/coffee.jpg")
    let whole = try Image(decoding: photo)
    let cut = Array(photo.dropLast(200))
    let error = #expect(throws: ImageError.self) { try Image(decoding: cut) }
    #expect(error?.description.contains("of \(whole.height) lines are there") == true, "\(error?.description ?? "")")
    let image = try Image(decoding: cut, options: DecodingOptions(truncated: .accept))
    #expect(image.width == whole.width && image.height == whole.height)
    let upper = whole.width * 3 * (whole.height / 2)
    #expect(image.pixels.prefix(upper) == whole.pixels.prefix(upper) && image != whole)
  }

  @Test func `The name of a file does not tell its format`() throws {
    let photo = try Fixture.bytes("photos/coffee.jpg")
    let file = FileManager.default.temporaryDirectory.appending(path: "photo-\(UUID().uuidString).png")
    try Data(photo).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    #expect(try Image(contentsOf: file.path) == Image(decoding: photo))
  }

  @Test(
    arguments: [
      (Array("GIF89a".utf8), "GIF file"), (Array("BM".utf8), "BMP file"),
      (Array("RIFF\u{10}\0\0\0WEBPVP8 ".utf8), "WebP file"), (Array("\0\0\0\u{18}ftypheic".utf8), "HEIC file"),
      (Array("\0\0\0\u{18}ftypmif1".utf8), "HEIF file"), (Array("\0\0\0\u{1c}ftypavif".utf8), "AVIF file"),
      (Array("II*\0".utf8), "TIFF file"), (Array("MM\0*".utf8), "TIFF file"), (Array("II+\0".utf8), "TIFF file"),
      (Array("\0\0\0\u{c}JXL \r\n".utf8) + [0x87, 10], "a JPEG XL file"), ([0xff, 0x0a], "a JPEG XL file"),
      (Array("\0\0\0\u{c}jP  \r\n".utf8) + [0x87, 10], "a JPEG 2000 file"),
      (Array("<?xml version=\"1.0\"?><svg".utf8), "an SVG file"), (Array("<svg xmlns=".utf8), "an SVG file"),
      (Array("<!DOCTYPE html><html>403 Forbidden</html>".utf8), "an HTML page"), (Array("%PDF-1.4".utf8), "a PDF file"),
      ([0x93] + Array("NUMPY".utf8), "a NumPy array"),
    ] as [([UInt8], String)])
  func `A file that holds no picture that is read is called by its kind`(start: [UInt8], kind: String) {
    let error = #expect(throws: ImageError.self) { try Image(decoding: start + repeated([0], 64)) }
    let description = error?.description ?? ""
    // Those whose library is not installed are named in the plural.
    #expect(description.contains(kind), "\(description)")
  }
}
