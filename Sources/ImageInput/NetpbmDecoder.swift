/// Decodes PGM (P2, P5) and PPM (P3, P6) files of 1 to 65,535 as the largest sample, by the Netpbm manual pages pgm(5),
/// ppm(5).
struct NetpbmDecoder {
  let bytes: [UInt8]
  let format: ImageFormat
  let options: DecodingOptions

  func image() throws(ImageError) -> Image {
    let isPlain = bytes[1] < UInt8(ascii: "4")
    var text = NetpbmText(bytes: bytes, format: format, offset: 2)
    let width = try text.number("width", maximum: .max)
    let height = try text.number("height", maximum: .max)
    try options.limits.check(width: width, height: height, format: format, offset: 2)
    let maximum = try text.number("largest sample value", maximum: 65_535)
    guard maximum > 0 else {
      throw .malformed(format, offset: text.offset, found: "a largest sample value of 0", expected: "1 to 65535")
    }
    try text.oneSpace(after: "largest sample value")
    let raster = NetpbmRaster(
      format: format, width: width, height: height, depth: format == .ppm ? 3 : 1,
      scaling: SampleScaling(maximum: maximum),
      offset: text.offset)
    let samples = try isPlain ? raster.plainSamples(text) : raster.binarySamples(bytes)
    return Image(validWidth: width, height: height, pixels: raster.pixels(of: samples, options.transparency))
  }
}
