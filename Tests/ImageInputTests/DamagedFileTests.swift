import ImageInput
import ModelGraph
import Testing

@Suite struct DamagedFileTests {
  /// A small file of each format and coding.
  static let files = [
    "png/rgb16-trns-interlaced.png", "png/palette2-trns.png", "png/gray-alpha16.png", "orientation/8.png",
    "orientation/6.jpg",
    "jpeg/progressive-gray.jpg", "jpeg/cmyk.jpg", "jpeg/restarts.jpg", "netpbm/P2-100.file.pgm",
    "netpbm/P3-256.file.ppm",
    "netpbm/P5-256.file.pgm", "netpbm/P6-255.file.ppm", "netpbm/RGB_ALPHA-65535.file.pam",
  ]

  @Test(arguments: files)
  func `A file cut off at any byte is an error`(name: String) throws {
    let bytes = try Fixture.bytes(name)
    #expect(throws: Never.self) { try Image(decoding: bytes) }
    for count in 0..<bytes.count {
      // Without its last digit a text file may still be whole.
      if name.contains("/P2") || name.contains("/P3"), count >= bytes.count - 3 { break }
      #expect(throws: ImageError.self, "first \(count) bytes") { try Image(decoding: Array(bytes.prefix(count))) }
    }
  }

  @Test(arguments: files)
  func `Random damage gives an image or a typed error`(name: String) throws {
    let bytes = try Fixture.bytes(name)
    var generator = SplitMix64(seed: 1)
    let options = DecodingOptions(limits: .init(pixels: 100_000))
    for _ in 0..<400 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let index = Int.random(in: 0..<damaged.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: damaged[index] = UInt8.random(in: 0...255, using: &generator)
        case 1: damaged[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: damaged.insert(UInt8.random(in: 0...255, using: &generator), at: index)
        default: if damaged.count > 1 { damaged.remove(at: index) }
        }
      }
      // An untyped error cannot be thrown: what is tested is that nothing traps or hangs.
      if let image = try? Image(decoding: damaged, options: options) {
        #expect(image.pixels.count == image.width * image.height * 3)
      }
    }
  }
}
