/// Decodes JPEG files through libjpeg: baseline and progressive; grayscale, YCbCr, RGB, CMYK and YCCK.
struct JPEGDecoder {
  let bytes: [UInt8]
  let options: DecodingOptions

  func image() throws(ImageError) -> Image {
    let (header, pixels) = try Codec.jpeg.pixels(of: bytes, limits: options.limits)
    let image = Image(
      validWidth: Int(header.width), height: Int(header.height),
      pixels: header.channels == 4 ? Self.rgb(ofCMYK: pixels, inverted: header.inverted) : pixels)
    return options.appliesOrientation ? image.oriented(orientation) : image
  }

  /// `(255 - ink) * (255 - black) / 255` for each color, rounded to the nearest, as Pillow converts.
  ///
  /// - Parameter inverted: Adobe's programs store 255 minus the amount of ink. Pillow supposes that every file does.
  private static func rgb(ofCMYK cmyk: consuming [UInt8], inverted: Bool) -> [UInt8] {
    var pixels = cmyk
    let count = pixels.count / 4
    let flip: UInt8 = inverted ? 0 : 255
    for index in 0..<count {
      let white = Int(pixels[index * 4 + 3] ^ flip)
      for channel in 0..<3 {
        pixels[index * 3 + channel] = UInt8((Int(pixels[index * 4 + channel] ^ flip) * white + 127) / 255)
      }
    }
    pixels.removeLast(pixels.count - count * 3)
    return pixels
  }

  /// Of the first EXIF segment before the image data: segments are FF, a type, a length that counts itself, contents.
  private var orientation: Orientation {
    var offset = 2
    while bytes.count - offset >= 4, bytes[offset] == 0xff {
      let type = bytes[offset + 1]
      if type == 0xff {  // fill bytes may precede a segment
        offset += 1
        continue
      }
      guard type != 0xda else { break }
      let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
      guard length >= 2, length <= bytes.count - offset - 2 else { break }
      let contents = bytes[offset + 4..<offset + 2 + length]
      if type == 0xe1, contents.starts(with: [UInt8](ascii: "Exif\0\0")) {
        return Orientation(exif: contents.dropFirst(6))
      }
      offset += length + 2
    }
    return .upright
  }
}
