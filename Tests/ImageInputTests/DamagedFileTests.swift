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
    "formats/lossy-alpha.webp", "formats/lossless.webp", "formats/animated.webp", "formats/offset.gif",
    "formats/interlaced.gif", "formats/palette4.bmp", "formats/rle4.bmp", "formats/rle8.bmp",
    "formats/rgba32-header124.bmp", "formats/rgb24-core.bmp",
    "netpbm/P5-256.file.pgm", "netpbm/P6-255.file.ppm", "netpbm/RGB_ALPHA-65535.file.pam",
  ]

  /// Those that are read through libraries loaded on demand, which may not be installed.
  static let more = FormatCase.readable.map { "formats/" + $0.name }.filter {
    $0.hasSuffix(".heic") || $0.hasSuffix(".avif") || $0.hasSuffix("planes-tiles.tiff") || $0.hasSuffix("jpeg.tiff")
      || $0.hasSuffix("/big.tiff") || $0.hasSuffix("lzw.tiff")
  }

  @Test(arguments: files + more)
  func `A file cut off anywhere is an error, or the whole picture where that is there`(name: String) throws {
    let bytes = try Fixture.bytes(name)
    let whole = try Image(decoding: bytes)
    // The last bytes of some formats are no pixels.
    let isForgiving = [".jpg", ".png", ".gif", ".webp", ".avif", ".heic", ".tiff", ".bmp"].contains {
      name.hasSuffix($0)
    }
    for count in stride(from: 0, to: bytes.count, by: bytes.count > 2_000 ? 7 : 1) {
      // Without its last digit a text file may still be whole.
      if name.contains("/P2") || name.contains("/P3"), count >= bytes.count - 3 { break }
      if isForgiving, let image = try? Image(decoding: Array(bytes.prefix(count))) {
        #expect(image == whole, "first \(count) bytes")
      } else {
        #expect(throws: ImageError.self, "first \(count) bytes") { try Image(decoding: Array(bytes.prefix(count))) }
      }
    }
  }

  @Test(arguments: files + more)
  func `A file cut off anywhere gives an image or a typed error where damage is accepted`(name: String) throws {
    let bytes = try Fixture.bytes(name)
    let whole = try Image(decoding: bytes)
    for count in stride(from: 0, to: bytes.count, by: 29) {
      let image = try? Image(decoding: Array(bytes.prefix(count)), options: DecodingOptions(truncated: .accept))
      if let image { #expect(image.width == whole.width && image.height == whole.height) }
    }
  }

  @Test(arguments: files + more, DecodingOptions.Truncated.allCases)
  func `Random damage gives an image or a typed error`(name: String, truncated: DecodingOptions.Truncated) throws {
    let bytes = try Fixture.bytes(name)
    var generator = SplitMix64(seed: 1)
    let options = DecodingOptions(limits: .init(pixels: 100_000), truncated: truncated)
    for _ in 0..<200 {
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
