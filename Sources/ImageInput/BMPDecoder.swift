/// Decodes BMP files: palettes of 1, 2, 4 and 8 bits, run lengths of 4 and 8, 16, 24 and 32 bits, bit fields.
///
/// 32 bits without a mask for alpha are opaque, as for Pillow: writers leave anything in the fourth byte.
final class BMPDecoder: RowDecoder {
  private let bytes: [UInt8]
  private let header: BMPHeader
  private let toleratesTruncation: Bool
  /// The palette's index of each pixel, from the row that is stored first; filled when rows of run lengths are read.
  private var indices: [UInt8] = []
  private var nextRow = 0

  var width: Int { header.width }
  var height: Int { header.height }
  var layout: PixelLayout { header.hasAlpha ? .rgba : .rgb }
  var orientation: Orientation { .upright }

  init(_ bytes: [UInt8], _ options: DecodingOptions) throws(ImageError) {
    self.bytes = bytes
    header = try BMPHeader(bytes, limits: options.limits)
    toleratesTruncation = options.truncated == .accept
    let needed = header.stride * (header.height - 1) + header.rowBytes
    guard header.coding == .runLengths || toleratesTruncation || bytes.count - header.offset >= needed else {
      throw .truncated(.bmp, offset: bytes.count, expected: "\(needed) bytes of pixels from byte \(header.offset)")
    }
  }

  func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>, stride: Int) throws(ImageError) {
    if header.coding == .runLengths, indices.isEmpty {
      var runs = BMPRunLengths(bytes: bytes, header: header)
      let isWhole = runs.decode()
      guard isWhole || toleratesTruncation else {
        throw .truncated(.bmp, offset: bytes.count, expected: "the rest of the run lengths")
      }
      indices = runs.indices
    }
    for index in 0..<count {
      // The bottom row is stored first.
      let stored = header.isTopDown ? nextRow : height - 1 - nextRow
      let row = unsafe rows + index * stride
      if header.coding == .runLengths {
        for x in 0..<width { unsafe write(header.palette[Int(indices[stored * width + x])], to: row + x * 3) }
      } else {
        unsafe readPlain(stored, into: row)
      }
      nextRow += 1
    }
  }

  private func write(_ color: (UInt8, UInt8, UInt8), to pixel: UnsafeMutablePointer<UInt8>) {
    unsafe pixel[0] = color.0
    unsafe pixel[1] = color.1
    unsafe pixel[2] = color.2
  }

  private func readPlain(_ stored: Int, into row: UnsafeMutablePointer<UInt8>) {
    let start = header.offset + stored * header.stride
    let isThere = bytes.count - start >= header.rowBytes
    for x in 0..<width {
      switch header.bitCount {
      case 24:
        let place = start + x * 3
        unsafe write(isThere ? (bytes[place + 2], bytes[place + 1], bytes[place]) : (0, 0, 0), to: row + x * 3)
      case 16, 32:
        let size = header.bitCount / 8
        var pixel: UInt32 = 0
        for byte in 0..<size where isThere { pixel |= UInt32(bytes[start + x * size + byte]) << UInt32(byte * 8) }
        let target = unsafe row + x * layout.samples
        for channel in 0..<layout.samples { unsafe target[channel] = header.masks[channel].value(in: pixel) }
      default:
        let bits = header.bitCount
        let byte = isThere ? bytes[start + x * bits / 8] : 0
        let index = Int(byte) >> (8 - bits - x * bits % 8) & (1 << bits - 1)
        unsafe write(header.palette[index], to: row + x * 3)
      }
    }
  }
}
