import ImageInput
import Testing

@Suite struct JPEGTests {
  /// Decoders may round a level or two differently; the libjpeg-turbo that these tests were written with decodes
  /// exactly as Pillow's.
  static let tolerance = 2

  @Test(arguments: Fixture.names(in: "jpeg", endingWith: ".jpg"))
  func `Every color space, subsampling and scan order decodes as Pillow does`(name: String) throws {
    let image = try Image(contentsOf: Fixture.path("jpeg/\(name).jpg"))
    let difference = try #require(largestDifference(image, try Fixture.expected("jpeg/" + name)))
    #expect(difference <= Self.tolerance)
  }

  @Test(arguments: ["coffee", "chelsea"])
  func `A photo decodes as Pillow decodes it`(name: String) throws {
    let image = try Image(contentsOf: Fixture.path("photos/\(name).jpg"))
    let expected = try Image(contentsOf: Fixture.path("photos/\(name).png"))
    #expect(try #require(largestDifference(image, expected)) <= Self.tolerance)
  }

  @Test(arguments: Fixture.names(in: "orientation", endingWith: ".jpg"))
  func `Every orientation is turned upright`(name: String) throws {
    let image = try Image(contentsOf: Fixture.path("orientation/\(name).jpg"))
    let difference = try #require(largestDifference(image, try Fixture.expected("orientation/" + name)))
    #expect(difference <= Self.tolerance)
  }

  @Test func `The orientation of a PNG file is applied`() throws {
    #expect(try Image(contentsOf: Fixture.path("orientation/8.png")) == Fixture.expected("orientation/8-png"))
  }

  @Test func `The orientation stays unapplied on request`() throws {
    let options = DecodingOptions(appliesOrientation: false)
    let upright = try Image(contentsOf: Fixture.path("orientation/1.jpg"), options: options)
    for orientation in 2...8 {
      #expect(try Image(contentsOf: Fixture.path("orientation/\(orientation).jpg"), options: options) == upright)
    }
  }

  @Test func `Damage to the EXIF block never stops the photo`() throws {
    let bytes = try Fixture.bytes("orientation/6.jpg")
    let start = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("Exif\0\0".utf8)) }) + 6
    for index in start..<start + 40 {
      for value: UInt8 in [0, 0x7f, 0xff] {
        var damaged = bytes
        damaged[index] = value
        #expect(throws: Never.self) { try Image(decoding: damaged) }
      }
    }
  }

  @Test func `A photo without its end is an error, not half gray`() throws {
    let bytes = try Fixture.bytes("jpeg/420.jpg")
    let error = #expect(throws: ImageError.self) { try Image(decoding: Array(bytes.prefix(bytes.count / 2))) }
    #expect(
      error == .truncated(.jpeg, offset: bytes.count / 2, expected: "the rest of the image; 0 of 34 lines are there"))
    // The image data cut out of the middle, with the end marker in its place.
    let cut = Array(bytes.prefix(bytes.count / 2)) + [0xff, 0xd9]
    #expect(throws: ImageError.self) { try Image(decoding: cut) }
  }

  @Test(arguments: Fixture.names(in: "jpeg", endingWith: ".jpg"))
  func `Without its end marker a JPEG is whole where every line is there`(name: String) throws {
    let bytes = try Fixture.bytes("jpeg/\(name).jpg")
    let whole = try Image(decoding: bytes)
    #expect(bytes.suffix(2) == [0xff, 0xd9])
    #expect(try Image(decoding: bytes.dropLast(2)) == whole)
    #expect(try Image(decoding: bytes.dropLast(2) + Array("Image_UTC_Data and more".utf8)) == whole)
  }

  @Test func `A progressive JPEG whose last scans are missing is an error`() throws {
    let bytes = try Fixture.bytes("jpeg/progressive.jpg")
    let scans = bytes.indices.filter { bytes[$0...].starts(with: [0xff, 0xda]) }
    #expect(scans.count > 5)
    for scan in scans.dropFirst() {
      let error = #expect(throws: ImageError.self) { try Image(decoding: Array(bytes[..<scan])) }
      #expect(error == .truncated(.jpeg, offset: scan, expected: "the rest of the image"))
    }
  }

  @Test func `Where damage is accepted, what is missing is grey, as Pillow leaves it`() throws {
    let bytes = try Fixture.bytes("photos/coffee.jpg")
    let whole = try Image(decoding: bytes)
    let cut = try Image(
      decoding: Array(bytes.prefix(bytes.count / 2)), options: DecodingOptions(truncated: .accept))
    #expect(cut.pixels.prefix(whole.width * 3 * 30) == whole.pixels.prefix(whole.width * 3 * 30))
    #expect(cut.pixels.suffix(whole.width * 3).allSatisfy { $0 == 128 })
    #expect(
      throws: ImageError.truncated(
        .jpeg, offset: bytes.count / 2, expected: "the rest of the image; 62 of 150 lines are there")
    ) { try Image(decoding: Array(bytes.prefix(bytes.count / 2))) }
  }

  @Test func `An EXIF block is found behind other segments and stray bytes`() throws {
    let bytes = try Fixture.bytes("orientation/6.jpg")
    let upright = try Image(decoding: bytes)
    let comment: [UInt8] = [0xff, 0xfe, 0, 6, 1, 2, 3, 4]
    let padded = bytes[..<2] + comment + [0xff, 0xff] + comment + bytes[2...]
    #expect(try Image(decoding: Array(padded)) == upright)
  }

  @Test func `A kind of JPEG that is not read says so`() throws {
    var bytes = try Fixture.bytes("jpeg/420.jpg")
    let frame = try #require(bytes.indices.first { bytes[$0...].starts(with: [0xff, 0xc0]) })
    bytes[frame + 4] = 12  // bits of a sample
    let error = #expect(throws: ImageError.self) { try Image(decoding: bytes) }
    guard case .unsupported(.jpeg, _, _, _) = error else {
      Issue.record("found \(String(describing: error))")
      return
    }
  }
}
