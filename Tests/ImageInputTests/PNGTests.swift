import ImageInput
import Testing

@Suite struct PNGTests {
  @Test(arguments: Fixture.names(in: "png", endingWith: ".png"))
  func `Every color type, depth and interlacing decodes exactly`(name: String) throws {
    let expected = try Fixture.expected("png/" + name.replacing("-interlaced", with: ""))
    #expect(try Image(contentsOf: Fixture.path("png/\(name).png")) == expected)
  }

  @Test func `All 52 variants are there`() {
    #expect(Fixture.names(in: "png", endingWith: ".png").count == 52)
  }

  @Test func `Transparent pixels show the chosen background`() throws {
    let color = DecodingOptions.Color(red: 10, green: 200, blue: 90)
    let bytes = try Fixture.bytes("png/gray8-trns.png")
    let image = try Image(decoding: bytes, options: DecodingOptions(alpha: .over(color)))
    // The transparent gray is that of column 4 in row 3.
    let place = (3 * image.width + 4) * 3
    #expect(image.pixels[place..<place + 3] == [10, 200, 90])
    #expect(image.pixels[0..<3] == [0, 0, 0])
  }

  @Test func `Partly transparent pixels are mixed with the background, rounded to the nearest`() throws {
    let color = DecodingOptions.Color(red: 10, green: 200, blue: 90)
    let header = "P7\nWIDTH 2\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
    let bytes = Array(header.utf8) + [100, 0, 255, 51, 1, 2, 3, 254]
    let image = try Image(decoding: bytes, options: DecodingOptions(alpha: .over(color)))
    #expect(image.pixels == [28, 160, 123, 1, 3, 3])
  }

  @Test func `Transparent pixels show their hidden colors where alpha is ignored`() throws {
    let pam = "P7\nWIDTH 2\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
    let ignoring = DecodingOptions(alpha: .drop)
    #expect(
      try Image(decoding: Array(pam.utf8) + [100, 0, 255, 51, 1, 2, 3, 0], options: ignoring).pixels
        == [100, 0, 255, 1, 2, 3])
    let gray = "P7\nWIDTH 2\nHEIGHT 1\nDEPTH 2\nMAXVAL 255\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\n"
    #expect(
      try Image(decoding: Array(gray.utf8) + [100, 0, 7, 255], options: ignoring).pixels == [100, 100, 100, 7, 7, 7])
    #expect(
      try Image(decoding: Array(gray.utf8) + [100, 0, 7, 255], options: .init(alpha: .black)).pixels
        == [0, 0, 0, 7, 7, 7])
    // The transparent gray of the PNG file is white below white, and itself where alpha is ignored.
    let bytes = try Fixture.bytes("png/gray8-trns.png")
    let (white, hidden) = (try Image(decoding: bytes), try Image(decoding: bytes, options: ignoring))
    let start = (3 * white.width + 4) * 3
    #expect(white.pixels[start..<start + 3] == [255, 255, 255])
    #expect(hidden.pixels[start..<start + 3] != [255, 255, 255])
  }

  /// The places of a chunk's bytes, from its length to its checksum.
  private func chunk(_ type: String, of bytes: [UInt8]) throws -> Range<Int> {
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: Array(type.utf8)) })
    let length = bytes[place - 4..<place].reduce(0) { $0 << 8 | Int($1) }
    return place - 4..<place + 8 + length
  }

  @Test func `A flipped bit is noticed wherever it could change the picture`() throws {
    let bytes = try Fixture.bytes("png/rgb8-trns.png")
    let picture = try Image(decoding: bytes)
    // What text and gamma say does not touch the pixels; their lengths and types keep the chunks apart.
    let harmless = try ["gAMA", "tEXt"].flatMap { try chunk($0, of: bytes).dropFirst(8) }
    // Where these chunks are said to be longer the file is one that is cut off behind its last row.
    let lengths = try ["IDAT", "tEXt", "IEND"].flatMap { try chunk($0, of: bytes).prefix(4) }
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 1 << UInt8(index % 8)
      if harmless.contains(index) {
        #expect(try Image(decoding: damaged) == picture, "byte \(index)")
      } else if lengths.contains(index) {
        #expect((try? Image(decoding: damaged)) ?? picture == picture, "byte \(index)")
      } else {
        #expect(throws: ImageError.self, "byte \(index)") { try Image(decoding: damaged) }
      }
    }
  }

  @Test func `The orientation of a damaged EXIF chunk is not applied`() throws {
    let bytes = try Fixture.bytes("orientation/8.png")
    var damaged = bytes
    damaged[try chunk("eXIf", of: bytes).upperBound - 1] ^= 1
    let stored = try Image(decoding: bytes, options: DecodingOptions(appliesOrientation: false))
    #expect(try Image(decoding: damaged) == stored)
    #expect(try Image(decoding: bytes) != stored)
  }
}
