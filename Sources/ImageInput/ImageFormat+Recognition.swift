extension ImageFormat {
  init(of bytes: [UInt8]) throws(ImageError) {
    if bytes.starts(with: [0xff, 0xd8, 0xff]) {
      self = .jpeg
    } else if bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
      self = .png
    } else if bytes.count >= 3, bytes[0] == UInt8(ascii: "P"), bytes[2].isNetpbmSpace || bytes[2] == UInt8(ascii: "#") {
      switch bytes[1] {
      case UInt8(ascii: "2"), UInt8(ascii: "5"): self = .pgm
      case UInt8(ascii: "3"), UInt8(ascii: "6"): self = .ppm
      case UInt8(ascii: "7"): self = .pam
      default: throw .unknownFormat(found: Self.description(ofUnknown: bytes))
      }
    } else {
      throw .unknownFormat(found: Self.description(ofUnknown: bytes))
    }
  }

  /// The name of a known format that is not supported, or the first bytes.
  private static func description(ofUnknown bytes: [UInt8]) -> String {
    let signatures: [(name: String, offset: Int, bytes: [UInt8])] = [
      ("a PBM (black and white) file", 0, [UInt8](ascii: "P1")),
      ("a PBM (black and white) file", 0, [UInt8](ascii: "P4")),
      ("a GIF file", 0, [UInt8](ascii: "GIF8")), ("a BMP file", 0, [UInt8](ascii: "BM")),
      ("a TIFF file", 0, [UInt8](ascii: "II*\0")), ("a TIFF file", 0, [UInt8](ascii: "MM\0*")),
      ("a WebP file", 8, [UInt8](ascii: "WEBP")), ("an AVIF file", 4, [UInt8](ascii: "ftypavif")),
      ("a HEIC file", 4, [UInt8](ascii: "ftyphei")), ("a JPEG XL file", 0, [0xff, 0x0a]),
    ]
    for signature in signatures where bytes.dropFirst(signature.offset).starts(with: signature.bytes) {
      return signature.name
    }
    guard !bytes.isEmpty else { return "no bytes" }
    let digits = bytes.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    return "a file that starts with the bytes " + digits.joined(separator: " ")
  }
}

extension [UInt8] {
  /// The bytes of a signature.
  init(ascii text: StaticString) {
    self = Array(text.description.utf8)
  }
}
