import ImageInput
import Testing

/// The EXIF tag Orientation in the forms that cameras and programs write, put into a photo without one.
@Suite struct OrientationTests {
  struct Form: CustomTestStringConvertible, Sendable {
    /// The number of the TIFF type, with the bytes that a value takes.
    let type: (name: String, number: Int, size: Int)
    let isLittleEndian: Bool

    var testDescription: String { type.name + (isLittleEndian ? ", little-endian" : ", big-endian") }

    static let all = [("BYTE", 1, 1), ("SHORT", 3, 2), ("LONG", 4, 4)].flatMap { type in
      [true, false].map { Form(type: type, isLittleEndian: $0) }
    }

    private func number(_ value: Int, _ size: Int) -> [UInt8] {
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
      return isLittleEndian ? bytes : bytes.reversed()
    }

    /// A value shorter than 4 bytes is at the start of its field in either order of bytes (TIFF 6.0, section 2).
    private func entry(_ tag: Int, _ value: Int) -> [UInt8] {
      number(tag, 2) + number(type.number, 2) + number(1, 4) + number(value, type.size)
        + [UInt8](repeating: 0, count: 4 - type.size)
    }

    /// With a tag before Orientation and one behind it.
    func block(_ orientation: Int) -> [UInt8] {
      Array((isLittleEndian ? "II" : "MM").utf8) + number(42, 2) + number(8, 4) + number(3, 2) + entry(0x0100, 3)
        + entry(0x0112, orientation) + entry(0x0213, 1) + number(0, 4)
    }
  }

  /// The JPEG with an EXIF block instead of its own; nil leaves it without.
  private func photo(_ bytes: [UInt8], exif block: [UInt8]?) throws -> [UInt8] {
    let segment = try #require(bytes.indices.first { bytes[$0...].starts(with: [0xff, 0xe1]) })
    let end = segment + 2 + Int(bytes[segment + 2]) << 8 + Int(bytes[segment + 3])
    let contents = block.map { Array("Exif\0\0".utf8) + $0 }
    let header = contents.map { [0xff, 0xe1, UInt8(($0.count + 2) >> 8), UInt8(($0.count + 2) & 255)] + $0 }
    return bytes[..<segment] + (header ?? []) + bytes[end...]
  }

  @Test(arguments: Form.all, 1...8)
  func `Of every type and in both orders of bytes it turns the photo upright`(form: Form, orientation: Int) throws {
    let bytes = try Fixture.bytes("orientation/\(orientation).jpg")
    let picture = try Image(decoding: photo(bytes, exif: form.block(orientation)))
    let difference = try #require(largestDifference(picture, try Fixture.expected("orientation/\(orientation)")))
    #expect(difference <= JPEGTests.tolerance)
    let stored = try Image(decoding: photo(bytes, exif: nil))
    #expect((picture == stored) == (orientation == 1))
  }

  @Test(arguments: Form.all, [0, 9, 255])
  func `A number that is no orientation leaves the photo as it is stored`(form: Form, number: Int) throws {
    let bytes = try Fixture.bytes("orientation/6.jpg")
    #expect(try Image(decoding: photo(bytes, exif: form.block(number))) == Image(decoding: photo(bytes, exif: nil)))
  }
}
