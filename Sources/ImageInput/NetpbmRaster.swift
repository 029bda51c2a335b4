/// The samples of a Netpbm image whose header has been read.
struct NetpbmRaster {
  let format: ImageFormat
  let width: Int
  let height: Int
  /// Samples of a pixel: 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha.
  let depth: Int
  let scaling: SampleScaling
  /// Where the samples start in the file.
  let offset: Int

  private var count: Int { width * height * depth }

  private func aboveMaximum(_ sample: Int, at offset: Int) -> ImageError {
    .malformed(format, offset: offset, found: "a sample of \(sample)", expected: "at most \(scaling.maximum)")
  }

  /// Samples of one byte, or of two where the maximum exceeds 255, the high byte first; scaled to 8 bits.
  func binarySamples(_ bytes: [UInt8]) throws(ImageError) -> [UInt8] {
    let size = scaling.maximum > 255 ? 2 : 1
    guard bytes.count - offset >= count * size else {
      throw .truncated(
        format, offset: bytes.count, expected: "\(count) samples of \(size) bytes from byte \(offset)")
    }
    if scaling.maximum == 255 { return Array(bytes[offset..<offset + count]) }
    var samples: [UInt8] = []
    samples.reserveCapacity(count)
    for index in 0..<count {
      let place = offset + index * size
      let sample = size == 1 ? Int(bytes[place]) : Int(bytes[place]) << 8 | Int(bytes[place + 1])
      guard sample <= scaling.maximum else { throw aboveMaximum(sample, at: place) }
      samples.append(scaling[sample])
    }
    return samples
  }

  /// Decimal numbers separated by white space, scaled to 8 bits.
  func plainSamples(_ text: consuming NetpbmText) throws(ImageError) -> [UInt8] {
    // A sample takes at least a digit and a space, the last one a digit: a short file is refused before memory is
    // allocated.
    guard (text.bytes.count - offset + 1) / 2 >= count else {
      throw .truncated(format, offset: text.bytes.count, expected: "\(count) samples from byte \(offset)")
    }
    var samples: [UInt8] = []
    samples.reserveCapacity(count)
    for _ in 0..<count {
      let sample = try text.number("sample", maximum: 65_535)
      guard sample <= scaling.maximum else { throw aboveMaximum(sample, at: text.offset) }
      samples.append(scaling[sample])
    }
    return samples
  }

  /// RGB pixels of scaled samples.
  func pixels(of samples: [UInt8], _ transparency: DecodingOptions.Transparency) -> [UInt8] {
    switch depth {
    case 3: return samples
    case 4: return transparency.flatten(rgba: samples)
    default:
      var colors: [UInt8] = []
      colors.reserveCapacity(width * height * (depth + 2))
      for index in stride(from: 0, to: samples.count, by: depth) {
        for _ in 0..<3 { colors.append(samples[index]) }
        if depth == 2 { colors.append(samples[index + 1]) }
      }
      return depth == 2 ? transparency.flatten(rgba: colors) : colors
    }
  }
}
