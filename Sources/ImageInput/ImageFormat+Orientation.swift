extension ImageFormat {
  /// What the EXIF block of a file says, wherever the format keeps it; upright where there is none. (libtiff tells a TIFF
  /// file's, and libheif turns an image by itself.)
  func orientation(in bytes: [UInt8]) -> Orientation {
    switch self {
    case .jpeg: Self.jpegOrientation(bytes)
    case .png: Self.pngOrientation(bytes)
    case .webp: Self.webpOrientation(bytes)
    default: .upright
    }
  }

  /// Of the first EXIF segment before the image data: segments are FF, a type, a length that counts itself, contents.
  private static func jpegOrientation(_ bytes: [UInt8]) -> Orientation {
    var offset = 2
    while bytes.count - offset >= 4 {
      // Writers leave stray bytes between segments, which decoders skip too.
      guard bytes[offset] == 0xff, bytes[offset + 1] != 0xff, bytes[offset + 1] != 0 else {
        offset += 1
        continue
      }
      let type = bytes[offset + 1]
      if type == 0x01 || (0xd0...0xd8).contains(type) {  // markers without contents
        offset += 2
        continue
      }
      guard type != 0xda else { break }
      let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
      guard length >= 2, length <= bytes.count - offset - 2 else { break }
      let contents = bytes[offset + 4..<offset + 2 + length]
      if type == 0xe1, contents.starts(with: [UInt8](ascii: "Exif\0\0")) {
        return Orientation(exif: contents)
      }
      offset += length + 2
    }
    return .upright
  }

  /// Of the chunk eXIf: after the signature, chunks of a length, a type, contents and a checksum. A damaged one counts
  /// as none.
  private static func pngOrientation(_ bytes: [UInt8]) -> Orientation {
    var offset = 8
    while bytes.count - offset >= 12 {
      let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - offset - 12 else { break }
      let end = offset + 8 + length
      if bytes[offset + 4..<offset + 8].elementsEqual([UInt8](ascii: "eXIf")) {
        let checksum = bytes[end..<end + 4].reduce(0) { $0 << 8 | UInt32($1) }
        return checksum == crc32(bytes[offset + 4..<end]) ? Orientation(exif: bytes[offset + 8..<end]) : .upright
      }
      offset = end + 4
    }
    return .upright
  }

  /// The checksum of PNG's chunks.
  private static func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { value, byte in
      (0..<8).reduce(value ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
    }
  }

  /// Of the chunk EXIF: after RIFF, a length and WEBP, chunks of a type, a length, contents and a byte where that makes
  /// them even.
  private static func webpOrientation(_ bytes: [UInt8]) -> Orientation {
    var offset = 12
    while bytes.count - offset >= 8 {
      let length = bytes[offset + 4..<offset + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - offset - 8 else { break }
      if bytes[offset..<offset + 4].elementsEqual([UInt8](ascii: "EXIF")) {
        return Orientation(exif: bytes[offset + 8..<offset + 8 + length])
      }
      offset += 8 + length + length % 2
    }
    return .upright
  }
}
