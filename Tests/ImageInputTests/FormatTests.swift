import ImageInput
import Testing

/// A file of formats/, whose expected pixels are beside it.
struct FormatCase: CustomTestStringConvertible, Sendable {
  let name: String

  var testDescription: String { name }
  var path: String { Fixture.path("formats/" + name) }
  /// Decoders of lossy formats may round differently.
  var tolerance: Int {
    if name.hasSuffix(".heic") || name.hasSuffix(".avif") { return 8 }
    return name == "jpeg.tiff" || name.hasPrefix("lossy") || name.hasSuffix(".webp") ? 2 : 0
  }

  static let all = ["webp", "gif", "bmp", "tiff", "heic", "avif"].flatMap { ending in
    Fixture.names(in: "formats", endingWith: "." + ending).map { FormatCase(name: "\($0).\(ending)") }
  }
  /// Those whose library is installed.
  static let readable = all.filter { test in
    do {
      _ = try Image(contentsOf: test.path)
    } catch ImageError.missingLibrary {
      return false
    } catch {}
    return true
  }
}

@Suite struct FormatTests {
  @Test(arguments: FormatCase.readable)
  func `Every kind of WebP, GIF, BMP, TIFF, HEIC and AVIF decodes to the pixels that it was made of`(
    test: FormatCase
  ) throws {
    let difference = largestDifference(try Image(contentsOf: test.path), try Fixture.expected("formats/" + test.name))
    #expect(try #require(difference) <= test.tolerance)
  }

  @Test func `All files are there`() {
    let endings = Dictionary(grouping: FormatCase.all) { $0.name.split(separator: ".").last! }.mapValues(\.count)
    #expect(endings == ["webp": 13, "gif": 6, "bmp": 25, "tiff": 28, "heic": 7, "avif": 9])
  }

  @Test func `The orientation of WebP and TIFF stays unapplied on request`() throws {
    let options = DecodingOptions(appliesOrientation: false)
    for ending in ["webp", "tiff"] where FormatCase.readable.contains(where: { $0.name.hasSuffix(ending) }) {
      let upright = try Image(contentsOf: Fixture.path("formats/orientation-1.\(ending)"), options: options)
      for orientation in 2...8 {
        let path = Fixture.path("formats/orientation-\(orientation).\(ending)")
        #expect(try Image(contentsOf: path, options: options) == upright)
      }
    }
  }

  /// Both are cropped, too: their coded size is 64 x 64.
  @Test(arguments: ["heic", "avif"])
  func `The orientation of HEIC and AVIF stays unapplied on request, and the crop not`(ending: String) throws {
    let turned = FormatCase.readable.filter { $0.name.hasPrefix("orientation-") && $0.name.hasSuffix(ending) }
    let expected = try Fixture.expected("formats/plain.\(ending)")
    let options = DecodingOptions(appliesOrientation: false)
    for test in turned {
      let image = try Image(contentsOf: test.path, options: options)
      #expect(try #require(largestDifference(image, expected)) <= test.tolerance, "\(test.name)")
      #expect(try Image(contentsOf: test.path) != image)
    }
    let plain = Fixture.path("formats/plain.\(ending)")
    if !turned.isEmpty { #expect(try Image(contentsOf: plain, options: options) == Image(contentsOf: plain)) }
  }

  @Test(arguments: FormatCase.all.filter { $0.name.hasSuffix(".bmp") })
  func `A DIB, which is a BMP without its file header, is read`(test: FormatCase) throws {
    let bytes = try Fixture.bytes("formats/" + test.name)
    let header = Int(bytes[14])
    // The oldest header says too little to be known by.
    guard header >= 40 else { return }
    let image = try Image(decoding: Array(bytes.dropFirst(14)))
    #expect(try image == Fixture.expected("formats/" + test.name))
  }

  @Test func `A library that is not installed is named, with the packages that have it`() {
    let error = ImageError.missingLibrary(
      .heic, library: "libheif", installation: "apt-get install libheif1, or brew install libheif")
    #expect(
      error.description
        == "HEIC files are read through libheif, which is not installed: "
        + "apt-get install libheif1, or brew install libheif")
  }

  @Test(arguments: [
    ("RIFF\u{10}\0\0\0WEBPVP8 ", "WebP"), ("\0\0\0\u{18}ftypheic", "HEIC"), ("\0\0\0\u{18}ftypmif1", "HEIF"),
    ("\0\0\0\u{1c}ftypavif", "AVIF"), ("\0\0\0\u{18}ftypmif1\0\0\0\0miafavif", "AVIF"),
    ("II*\0", "TIFF"), ("II+\0", "TIFF"), ("GIF89a", "GIF"), ("BM", "BMP"),
    ("\0\0\0\u{c}JXL \r\n", "JPEG XL"), ("\0\0\0\u{c}jP  \r\n", "JPEG 2000"), ("<?xml version=\"1.0\"?><svg", "SVG"),
    ("  <!DOCTYPE html><html>403</html>", "HTML page"), ("%PDF-1.4", "PDF"), ("qoif", "QOI"),
    ("version https://git-lfs.github.com/spec/v1\n", "git lfs pull"), ("\0\0\0\u{18}ftypisom\0\0\0\0", "MP4"),
  ])
  func `What cannot be read is called by its name`(start: String, name: String) {
    let bytes = Array(start.utf8) + [UInt8](repeating: 0, count: 64)
    let error = #expect(throws: ImageError.self) { try Image(decoding: bytes) }
    #expect(error?.description.contains(name) == true, "\(error?.description ?? "")")
  }

  @Test func `A BMP that forgets its palette when it says where its pixels start is read`() throws {
    var bytes = try Fixture.bytes("formats/palette8.bmp")
    bytes[10..<14] = [54, 0, 0, 0]
    #expect(try Image(decoding: bytes) == Fixture.expected("formats/palette8.bmp"))
  }

  @Test func `A BMP of an unknown kind says which`() throws {
    var bytes = try Fixture.bytes("formats/rgb24.bmp")
    bytes[30] = 4
    let error = #expect(throws: ImageError.self) { try Image(decoding: bytes) }
    #expect(error?.description.contains("compression JPEG with 24 bits") == true)
    bytes[14] = 41
    #expect(throws: ImageError.self) { try Image(decoding: bytes) }
  }
}
