import ImageInput
import Testing

@Suite struct NetpbmTests {
  @Test(arguments: [".file.pgm", ".file.ppm", ".file.pam"])
  func `Every magic number and maximum decodes exactly`(ending: String) throws {
    let names = Fixture.names(in: "netpbm", endingWith: ending)
    #expect(names.count == 10)
    for name in names {
      #expect(
        try Image(contentsOf: Fixture.path("netpbm/\(name)\(ending)")) == Fixture.expected("netpbm/" + name), "\(name)")
    }
  }

  private func decode(_ text: String, _ raster: [UInt8] = []) throws(ImageError) -> Image {
    try Image(decoding: Array(text.utf8) + raster)
  }

  @Test func `A sample is scaled to 8 bits and rounded to the nearest`() throws {
    #expect(
      try decode("P2 4 1 1000 0 2 500 1000").pixels.enumerated().filter { $0.0 % 3 == 0 }.map(\.1) == [0, 1, 128, 255])
  }

  @Test func `A comment may stand right after the magic number, and after the image anything`() throws {
    #expect(try decode("P5#c\n1 1\n255\n", [7, 1, 2, 3]).pixels == [7, 7, 7])
  }

  @Test func `Black and white files decode, in text without spaces too`() throws {
    let expected: [UInt8] = [255, 0, 255, 0, 0, 255].flatMap { [$0, $0, $0] }
    #expect(try decode("P1\n# bits\n3 2\n0 1 0\n1 1 0").pixels == expected)
    #expect(try decode("P1 3 2 010110").pixels == expected)
    #expect(try decode("P4 3 2\n", [0b0101_1111, 0b1100_0000]).pixels == expected)
    let wide = try decode("P4 9 1\n", [0, 0x80])
    #expect(Array(wide.pixels.suffix(6)) == [255, 255, 255, 0, 0, 0])
  }

  @Test func `PAM depth tells the type where none is named`() throws {
    let image = try decode("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 2\nMAXVAL 255\nENDHDR\n", [40, 0])
    #expect(image.pixels == [255, 255, 255])
  }

  @Test(arguments: [
    ("P2 1 1 255", "truncated"), ("P6 2 1 255\nabcde", "truncated"), ("P5 1 1 70000\n", "malformed"),
    ("P5 1 1 0\n", "malformed"),
    ("P5 0 1 255\n", "malformed"), ("P5 1 -1 255\n", "malformed"), ("P5 1 1 255x", "malformed"),
    ("P2 1 1 9 10", "malformed"),
    ("P2 2 1 9 1 x", "malformed"), ("P5 1 1 100\n\u{7f}", "malformed"),
    ("P5 99999999999999999999 1 255\n", "malformed"),
    ("P5 ", "truncated"), ("P7\n", "truncated"), ("P7x\n", "unknownFormat"), ("P7\nENDHDR\n", "malformed"),
    ("P7\nWIDTH 1\nWIDTH 1\n", "malformed"),
    ("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nTUPLTYPE GRAYSCALE\nENDHDR\n", "malformed"),
    ("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 5\nMAXVAL 255\nENDHDR\n12345", "unsupported"), ("P7\nCOLOR 1\n", "malformed"),
    ("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE CMYK\nENDHDR\n1234", "unsupported"),
    ("P7\nWIDTH +1\n", "malformed"), ("P7\nWIDTH 1_0\n", "malformed"),
    ("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 65536\nENDHDR\n12", "malformed"), ("P1 1 1 2", "malformed"),
    ("P1 1 1 ", "truncated"),
    ("P4 1 1\n", "truncated"), ("P4 9 1\n\0", "truncated"), ("P1 1 1", "truncated"),
    ("P8 1 1\n\0", "unknownFormat"), ("P", "unknownFormat"), ("", "unknownFormat"), ("GIF88a", "unknownFormat"),
  ])
  func `Broken files are refused with the right error`(text: String, kind: String) {
    let error = #expect(throws: ImageError.self) { try decode(text) }
    #expect(
      error.map { String(describing: Mirror(reflecting: $0).children.first?.label ?? "") } == kind,
      "\(text.debugDescription)")
  }

  @Test func `A tuple type of many lines is refused before they are all joined`() {
    let error = #expect(throws: ImageError.self) {
      try decode("P7\n" + String(repeating: "TUPLTYPE RGB\n", count: 200_000) + "ENDHDR\n")
    }
    #expect(error?.description == "PAM file, byte 211: found a TUPLTYPE of 67 bytes, expected at most 64")
  }

  @Test func `Errors say what, where, found and expected`() {
    let error = #expect(throws: ImageError.self) { try decode("P2 2 1 9 1 12") }
    #expect(error?.description == "PGM file, byte 13: found a sample of 12, expected at most 9")
    let xl = #expect(throws: ImageError.self) { try Image(decoding: [0xff, 0x0a]) }
    #expect(
      xl?.description
        == "found a JPEG XL file, "
        + "expected a JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC, AVIF, PBM, PGM, PPM or PAM file")
  }
}
