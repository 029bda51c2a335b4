/// Decodes Netpbm files: PBM, PGM, PPM and PAM, of 1 to 65,535 as the largest sample.
final class NetpbmDecoder: RowDecoder {
  private let header: NetpbmHeader
  private let scaling: SampleScaling
  private let toleratesTruncation: Bool
  /// The samples of a plain format, which are text.
  private var text: NetpbmText
  /// Where the next binary row starts.
  private var offset: Int

  var width: Int { header.width }
  var height: Int { header.height }
  var layout: PixelLayout { PixelLayout(rawValue: header.depth)! }
  var orientation: Orientation { .upright }

  convenience init(_ bytes: [UInt8], _ format: ImageFormat, _ options: DecodingOptions) throws(ImageError) {
    try self.init(bytes, NetpbmHeader(bytes, format: format, limits: options.limits), options)
  }

  convenience init(pam bytes: [UInt8], _ options: DecodingOptions) throws(ImageError) {
    try self.init(bytes, NetpbmHeader(pam: bytes, limits: options.limits), options)
  }

  private init(_ bytes: [UInt8], _ header: NetpbmHeader, _ options: DecodingOptions) throws(ImageError) {
    self.header = header
    scaling = SampleScaling(maximum: header.maximum)
    toleratesTruncation = options.truncated == .accept
    text = NetpbmText(bytes: bytes, format: header.format, offset: header.offset)
    offset = header.offset
    if !toleratesTruncation { try checkLength() }
  }

  private var sampleSize: Int { header.maximum > 255 ? 2 : 1 }
  private var rowSamples: Int { width * header.depth }
  /// Of a binary row; black and white ones are packed into bits.
  private var rowBytes: Int { header.format == .pbm ? (width + 7) / 8 : rowSamples * sampleSize }

  /// A short file is refused before memory is allocated.
  private func checkLength() throws(ImageError) {
    let count = rowSamples * height
    let left = text.bytes.count - offset
    if header.isPlain {
      // A sample takes at least a digit and a space, the last one a digit; bits need no space.
      guard (header.format == .pbm ? left : (left + 1) / 2) >= count else {
        throw .truncated(
          header.format, offset: text.bytes.count, expected: "\(count) samples from byte \(offset)")
      }
    } else if left < rowBytes * height {
      throw .truncated(
        header.format, offset: text.bytes.count,
        expected: header.format == .pbm
          ? "\(height) rows of \(rowBytes) bytes from byte \(offset)"
          : "\(count) samples of \(sampleSize) bytes from byte \(offset)")
    }
  }

  func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>, stride: Int) throws(ImageError) {
    for index in 0..<count {
      let row = unsafe rows + index * stride
      switch (header.format, header.isPlain) {
      case (.pbm, false): unsafe readBits(into: row)
      case (_, false): try unsafe readBinary(into: row)
      case (_, true): try unsafe readPlain(into: row)
      }
    }
  }

  /// Where the next row starts, or nil where it is missing and that is tolerated.
  private func nextBinaryRow() -> Int? {
    defer { offset += rowBytes }
    return text.bytes.count - offset >= rowBytes ? offset : nil
  }

  /// Bits from the highest of each byte on; 1 is black.
  private func readBits(into row: UnsafeMutablePointer<UInt8>) {
    guard let start = nextBinaryRow() else { return unsafe row.update(repeating: 0, count: width) }
    for x in 0..<width {
      unsafe row[x] = text.bytes[start + x / 8] >> (7 - x % 8) & 1 == 1 ? 0 : 255
    }
  }

  /// Samples of one byte, or of two where the maximum exceeds 255, the high byte first; scaled to 8 bits.
  private func readBinary(into row: UnsafeMutablePointer<UInt8>) throws(ImageError) {
    guard let start = nextBinaryRow() else { return unsafe row.update(repeating: 0, count: rowSamples) }
    let bytes = text.bytes
    if header.maximum == 255 {
      unsafe bytes.withUnsafeBufferPointer { bytes in
        unsafe row.update(from: bytes.baseAddress! + start, count: rowSamples)
      }
      return
    }
    for index in 0..<rowSamples {
      let place = start + index * sampleSize
      let sample = sampleSize == 1 ? Int(bytes[place]) : Int(bytes[place]) << 8 | Int(bytes[place + 1])
      unsafe row[index] = try scaled(sample, at: place)
    }
  }

  /// Decimal numbers separated by white space, or bits that need not be; scaled to 8 bits.
  private func readPlain(into row: UnsafeMutablePointer<UInt8>) throws(ImageError) {
    for index in 0..<rowSamples {
      do {
        if header.format == .pbm {
          unsafe row[index] = try text.bit() ? 0 : 255
        } else {
          let sample = try text.number("sample", maximum: 65_535)
          unsafe row[index] = try scaled(sample, at: text.offset)
        }
      } catch .truncated where toleratesTruncation {
        unsafe row[index] = 0
      }
    }
  }

  private func scaled(_ sample: Int, at offset: Int) throws(ImageError) -> UInt8 {
    guard sample <= header.maximum else {
      throw .malformed(
        header.format, offset: offset, found: "a sample of \(sample)", expected: "at most \(header.maximum)")
    }
    return scaling[sample]
  }
}
