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
    let image = try Image(decoding: bytes, options: DecodingOptions(transparency: .over(color)))
    // The transparent gray is that of column 4 in row 3.
    let place = (3 * image.width + 4) * 3
    #expect(image.pixels[place..<place + 3] == [10, 200, 90])
    #expect(image.pixels[0..<3] == [0, 0, 0])
  }

  @Test func `Partly transparent pixels are mixed with the background, rounded to the nearest`() throws {
    let color = DecodingOptions.Color(red: 10, green: 200, blue: 90)
    let header = "P7\nWIDTH 2\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
    let bytes = Array(header.utf8) + [100, 0, 255, 51, 1, 2, 3, 254]
    let image = try Image(decoding: bytes, options: DecodingOptions(transparency: .over(color)))
    #expect(image.pixels == [28, 160, 123, 1, 3, 3])
  }

  @Test func `A flipped bit anywhere is noticed`() throws {
    // Every chunk has a checksum, so only the signature and the lengths could hide one, and they do not.
    let bytes = try Fixture.bytes("png/rgb8-trns.png")
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 1 << UInt8(index % 8)
      #expect(throws: ImageError.self, "byte \(index)") { try Image(decoding: damaged) }
    }
  }
}
