/// What comes before the pixels of a BMP file: the file header of 14 bytes, then the core header (12 bytes) or an info
/// header (16 to 124 bytes: OS/2's, and Windows's versions 1 to 5), masks and a palette. A DIB file has no file header.
struct BMPHeader {
  enum Coding: Equatable {
    case plain
    /// Of 4 or 8 bits.
    case runLengths
  }

  /// Where a color is in a pixel of 16 or 32 bits.
  struct Mask {
    let bits: UInt32
    /// The value of the color, 0 to 255, rounded down as Pillow scales it; 0 where the mask has no bits.
    func value(in pixel: UInt32) -> UInt8 {
      guard bits != 0 else { return 0 }
      let shift = bits.trailingZeroBitCount
      return UInt8(UInt64((pixel & bits) >> shift) * 255 / UInt64(bits >> shift))
    }
  }

  let width: Int
  let height: Int
  let isTopDown: Bool
  /// Of a pixel.
  let bitCount: Int
  let coding: Coding
  /// Of red, green, blue and alpha.
  let masks: [Mask]
  /// Red, green and blue of each index; 256 of them, black where the file has none.
  let palette: [(UInt8, UInt8, UInt8)]
  /// Where the pixels start in the file.
  let offset: Int

  var hasAlpha: Bool { masks[3].bits != 0 }
  /// Bytes of a row, with and without those that pad it to a multiple of four.
  var stride: Int { (width * bitCount + 31) / 32 * 4 }
  var rowBytes: Int { (width * bitCount + 7) / 8 }
}

extension BMPHeader {
  /// - Throws: `ImageError` where the header is damaged, above the limits or of an unknown kind.
  init(_ bytes: [UInt8], limits: DecodingOptions.Limits) throws(ImageError) {
    let isDIB = !bytes.starts(with: [UInt8](ascii: "BM"))
    let file = LittleEndianFile(bytes: bytes, format: .bmp, missing: isDIB ? 14 : 0)
    let size = try file.number(at: 14, size: 4)
    guard [12, 16, 40, 52, 56, 64, 108, 124].contains(size) else {
      throw .unsupported(
        .bmp, offset: 14, found: "a header of \(size) bytes", expected: "12, 16, 40, 52, 56, 64, 108 or 124")
    }
    let isCore = size == 12
    width = try isCore ? file.number(at: 18, size: 2) : Int(file.signed(at: 18))
    let rows = try isCore ? file.number(at: 20, size: 2) : Int(file.signed(at: 22))
    height = abs(rows)
    isTopDown = rows < 0
    try limits.check(width: width, height: height, format: .bmp, offset: 18)
    bitCount = try file.number(at: isCore ? 24 : 28, size: 2)
    let compression = try size >= 40 ? file.number(at: 30, size: 4) : 0
    coding = try Self.coding(compression, bitCount: bitCount, isOS2: size == 64)
    // Masks follow a header of 40 bytes and are part of longer ones.
    let maskCount = compression == 6 ? 4 : compression == 3 ? 3 : 0
    masks = try Self.masks(file, bitCount: bitCount, count: size >= 56 && maskCount > 0 ? 4 : maskCount)
    let paletteStart = 14 + size + (size == 40 ? maskCount * 4 : 0)
    let stated = try isDIB ? 0 : file.number(at: 10, size: 4)
    let colorSize = isCore ? 3 : 4
    var colorCount = try size >= 40 ? file.number(at: 46, size: 4) : 0
    if colorCount == 0 { colorCount = bitCount <= 8 ? 1 << bitCount : 0 }
    // Some writers forget the palette when they state where the pixels start.
    let isBehindPalette = stated > paletteStart || (stated == paletteStart && bitCount > 8)
    let start = isBehindPalette ? stated : paletteStart + colorCount * colorSize
    offset = start - file.missing
    let available = (start - paletteStart) / colorSize
    palette = try Self.palette(
      file, at: paletteStart, count: bitCount <= 8 ? min(colorCount, available, 256) : 0, colorSize: colorSize)
  }

  private static func coding(_ compression: Int, bitCount: Int, isOS2: Bool) throws(ImageError) -> Coding {
    let plain = compression == 0 && [1, 2, 4, 8, 16, 24, 32].contains(bitCount)
    let masked = [3, 6].contains(compression) && [16, 32].contains(bitCount) && !isOS2
    if plain || masked { return .plain }
    if (compression == 1 && bitCount == 8) || (compression == 2 && bitCount == 4) { return .runLengths }
    let names = ["none", "RLE8", "RLE4", isOS2 ? "Huffman" : "bit fields", isOS2 ? "RLE24" : "JPEG", "PNG"]
    let name = compression < names.count ? names[compression] : "\(compression)"
    throw .unsupported(
      .bmp, offset: 28, found: "compression \(name) with \(bitCount) bits",
      expected: "no compression with 1 to 32 bits, RLE4, RLE8, and bit fields of 16 and 32 bits")
  }

  private static func masks(_ file: LittleEndianFile, bitCount: Int, count: Int) throws(ImageError) -> [Mask] {
    var masks: [Mask] = []
    for index in 0..<count { masks.append(Mask(bits: UInt32(try file.number(at: 54 + index * 4, size: 4)))) }
    if masks.allSatisfy({ $0.bits == 0 }) {
      let bits: [UInt32] = bitCount == 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff]
      masks = bits.map { Mask(bits: $0) }
    }
    if masks.count == 3 { masks.append(Mask(bits: 0)) }
    return masks
  }

  private static func palette(
    _ file: LittleEndianFile, at start: Int, count: Int, colorSize: Int
  ) throws(ImageError) -> [(UInt8, UInt8, UInt8)] {
    var palette: [(UInt8, UInt8, UInt8)] = []
    for index in 0..<count {
      let color = try file.number(at: start + index * colorSize, size: 3)
      palette.append((UInt8(color >> 16), UInt8(color >> 8 & 255), UInt8(color & 255)))
    }
    return palette + Array(repeating: (0, 0, 0), count: 256 - count)
  }
}

/// Little-endian numbers of a file.
private struct LittleEndianFile {
  let bytes: [UInt8]
  let format: ImageFormat
  /// Bytes that other files have at their start; offsets count them.
  let missing: Int

  /// - Parameter size: in bytes, at most 4.
  func number(at offset: Int, size: Int) throws(ImageError) -> Int {
    let offset = offset - missing
    guard offset <= bytes.count - size else {
      throw .truncated(format, offset: bytes.count, expected: "\(size) bytes of the header at byte \(offset)")
    }
    return bytes[offset..<offset + size].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  func signed(at offset: Int) throws(ImageError) -> Int32 {
    Int32(truncatingIfNeeded: try number(at: offset, size: 4))
  }
}
