import Foundation
import ImageInput
import TestSupport
import Testing

@Suite struct DecodingLimitsTests {
  private func header(width: UInt32, height: UInt32) throws -> [(String, [UInt8])] {
    var png = try Fixture.bytes("png/rgb8.png")
    png.replaceSubrange(
      16..<24,
      with: [width, height].flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - $0 * 8)) } })
    let checksum = crc32(png[12..<29])
    png.replaceSubrange(29..<33, with: (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (24 - $0 * 8)) })
    return [
      ("png", png), ("ppm", Array("P6 \(width) \(height) 255\n".utf8)),
      ("plain", Array("P2 \(width) \(height) 255\n".utf8)),
      ("pam", Array("P7\nWIDTH \(width)\nHEIGHT \(height)\nDEPTH 4\nMAXVAL 65535\nENDHDR\n".utf8)),
    ]
  }

  private func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { value, byte in
      (0..<8).reduce(value ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
    }
  }

  @Test func `A width, height or area above the limit is refused by its header`() throws {
    for (name, bytes) in try header(width: 2_000_000_000, height: 2) {
      #expect(throws: ImageError.exceedsLimit(.width, found: 2_000_000_000, limit: 65_500), "\(name)") {
        try Image(decoding: bytes)
      }
    }
    for (name, bytes) in try header(width: 2, height: 2_000_000_000) {
      #expect(throws: ImageError.exceedsLimit(.height, found: 2_000_000_000, limit: 65_500), "\(name)") {
        try Image(decoding: bytes)
      }
    }
    for (name, bytes) in try header(width: 16_384, height: 16_384) {
      #expect(throws: ImageError.exceedsLimit(.pixels, found: 1 << 28, limit: 200_000_000), "\(name)") {
        try Image(decoding: bytes)
      }
    }
  }

  @Test func `A JPEG above the limit is refused by its header`() throws {
    var bytes = try Fixture.bytes("jpeg/420.jpg")
    let frame = try #require(bytes.indices.first { bytes[$0...].starts(with: [0xff, 0xc0]) })
    bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xff, 0x00, 0xff, 0x00])
    #expect(throws: ImageError.exceedsLimit(.width, found: 0xff00, limit: 60_000)) {
      try Image(decoding: bytes, options: .init(limits: .init(width: 60_000)))
    }
  }

  @Test func `A short file that claims the largest image allowed ends at once`() throws {
    for (name, bytes) in try header(width: 14_000, height: 14_000) {
      #expect(throws: ImageError.self, "\(name)") { try Image(decoding: bytes) }
    }
  }

  @Test func `Limits can be lowered and raised`() throws {
    let bytes = Array("P5 3 2 255\nabcdef".utf8)
    #expect(try Image(decoding: bytes, options: .init(limits: .init(width: 3, height: 2, pixels: 6))).width == 3)
    #expect(throws: ImageError.exceedsLimit(.width, found: 3, limit: 2)) {
      try Image(decoding: bytes, options: .init(limits: .init(width: 2)))
    }
    #expect(throws: ImageError.exceedsLimit(.pixels, found: 6, limit: 5)) {
      try Image(decoding: bytes, options: .init(limits: .init(pixels: 5)))
    }
    let huge = DecodingOptions.Limits(width: .max, height: .max, pixels: .max)
    #expect(throws: ImageError.self) {
      try Image(decoding: Array("P5 4611686018427387904 4 255\n".utf8), options: .init(limits: huge))
    }
    #expect(throws: ImageError.self) {
      try Image(decoding: Array("P6 1152921504606846975 1 65535\n".utf8), options: .init(limits: huge))
    }
  }

  @Test func `The limit of bytes follows that of pixels, and is never below what it was`() {
    #expect(DecodingOptions.Limits.standard.bytes == 200_000_000 * 8 + 1 << 20)
    #expect(DecodingOptions.Limits(pixels: 1_000_000_000).bytes == 8_000_000_000 + 1 << 20)
    #expect(DecodingOptions.Limits(pixels: 10).bytes == 512 << 20)
    #expect(DecodingOptions.Limits(pixels: .max).bytes < .max && DecodingOptions.Limits(pixels: -1).bytes == 512 << 20)
    #expect(DecodingOptions.Limits(pixels: 1_000_000_000, bytes: 7).bytes == 7)
  }

  @Test func `A large file that is no picture is not read to its end`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "large-\(UUID().uuidString).jpg")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data("no picture".utf8).write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    try handle.truncate(atOffset: 1_500_000_000)
    try handle.close()
    var error: ImageError?
    let read = {
      do throws(ImageError) { _ = try Image(contentsOf: file.path) } catch let failure { error = failure }
    }
    if AllocationCounter.isAvailable {
      #expect(AllocationCounter.peakBytes(of: read) < 10_000_000)
    } else {
      read()
    }
    if case .unknownFormat = error {} else { Issue.record("\(String(describing: error))") }
  }

  @Test func `Files and pipes with too many bytes are refused`() throws {
    let path = Fixture.path("png/rgb8.png")
    let size = try Fixture.bytes("png/rgb8.png").count
    #expect(throws: ImageError.exceedsLimit(.bytes, found: size, limit: 100)) {
      try Image(contentsOf: path, options: .init(limits: .init(bytes: 100)))
    }
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data(Array("P5 1 1 255\nabcdef".utf8)))
    try pipe.fileHandleForWriting.close()
    #expect(throws: ImageError.exceedsLimit(.bytes, found: 11, limit: 10)) {
      try Image(readingFrom: pipe.fileHandleForReading.fileDescriptor, options: .init(limits: .init(bytes: 10)))
    }
  }

  @Test func `An image is read from a file descriptor to its end`() throws {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data(try Fixture.bytes("png/rgb8.png")))
    try pipe.fileHandleForWriting.close()
    #expect(try Image(readingFrom: pipe.fileHandleForReading.fileDescriptor) == Fixture.expected("png/rgb8"))
  }

  @Test func `A path that cannot be read says why`() {
    let error = #expect(throws: ImageError.self) { try Image(contentsOf: "/nonexistent/photo.jpg") }
    #expect(error?.description == "cannot read /nonexistent/photo.jpg: No such file or directory")
    #expect(throws: ImageError.self) { try Image(contentsOf: Fixture.folder) }
    #expect(throws: ImageError.self) { try Image(contentsOf: "a\0b") }
  }

  @Test func `Pixels in memory must fill the image`() {
    #expect(throws: Never.self) { try Image(width: 1, height: 2, pixels: [1, 2, 3, 4, 5, 6]) }
    #expect(throws: ImageError.wrongPixelCount(width: 2, height: 2, found: 6)) {
      try Image(width: 2, height: 2, pixels: [1, 2, 3, 4, 5, 6])
    }
    #expect(throws: ImageError.wrongPixelCount(width: 0, height: 2, found: 0)) {
      try Image(width: 0, height: 2, pixels: [])
    }
    #expect(throws: ImageError.wrongPixelCount(width: .max, height: .max, found: 0)) {
      try Image(width: .max, height: .max, pixels: [])
    }
    #expect(throws: ImageError.wrongPixelCount(width: -1, height: -1, found: 3)) {
      try Image(width: -1, height: -1, pixels: [1, 2, 3])
    }
  }
}
