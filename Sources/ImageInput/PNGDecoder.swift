/// Decodes PNG files of every color type and depth through libpng. Checksums of all chunks are verified; gamma and
/// profiles are ignored; 16-bit samples are rounded to 8 bits (where Pillow drops the lower byte) before
/// transparent pixels are treated as the options say.
struct PNGDecoder {
  let bytes: [UInt8]
  let options: DecodingOptions

  func image() throws(ImageError) -> Image {
    let (header, pixels) = try Codec.png.pixels(of: bytes, limits: options.limits)
    let image = Image(
      validWidth: Int(header.width), height: Int(header.height),
      pixels: header.channels == 4 ? options.transparency.flatten(rgba: pixels) : pixels)
    return options.appliesOrientation ? image.oriented(orientation) : image
  }

  /// Of the chunk eXIf: after the signature, chunks of a length, a type, contents and a checksum, which libpng has
  /// verified.
  private var orientation: Orientation {
    var offset = 8
    while bytes.count - offset >= 12 {
      let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - offset - 12 else { break }
      if bytes[offset + 4..<offset + 8].elementsEqual([UInt8](ascii: "eXIf")) {
        return Orientation(exif: bytes[offset + 8..<offset + 8 + length])
      }
      offset += length + 12
    }
    return .upright
  }
}
