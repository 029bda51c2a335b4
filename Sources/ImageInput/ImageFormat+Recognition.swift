extension ImageFormat {
  init(of bytes: [UInt8]) throws(ImageError) {
    let signatures: [(format: ImageFormat, bytes: [UInt8])] = [
      (.jpeg, [0xff, 0xd8, 0xff]), (.png, [0x89] + [UInt8](ascii: "PNG\r\n\u{1a}\n")),
      (.gif, [UInt8](ascii: "GIF87a")), (.gif, [UInt8](ascii: "GIF89a")), (.bmp, [UInt8](ascii: "BM")),
      (.tiff, [UInt8](ascii: "II*\0")), (.tiff, [UInt8](ascii: "MM\0*")),
      (.tiff, [UInt8](ascii: "II+\0")), (.tiff, [UInt8](ascii: "MM\0+")),
    ]
    if let known = signatures.first(where: { bytes.starts(with: $0.bytes) })?.format ?? Self(container: bytes) {
      self = known
    } else if bytes.count >= 3, bytes[0] == UInt8(ascii: "P"), bytes[2].isNetpbmSpace || bytes[2] == UInt8(ascii: "#"),
      let format = Self(netpbmDigit: bytes[1])
    {
      self = format
    } else if Self.isDIB(bytes) {
      self = .bmp
    } else {
      throw .unknownFormat(found: Self.description(ofUnknown: bytes))
    }
  }

  /// Whether the file is a BMP without its file header, which begins with the size of the info header. Little else says that:
  /// one plane, and what BMP has of bits and compressions.
  private static func isDIB(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= 40 else { return false }
    return [40, 52, 56, 64, 108, 124].contains(bytes[0]) && bytes[1...3].allSatisfy { $0 == 0 }
      && bytes[12] == 1 && bytes[13] == 0 && [1, 2, 4, 8, 16, 24, 32].contains(bytes[14]) && bytes[15] == 0
      && bytes[16] <= 6 && bytes[17...19].allSatisfy { $0 == 0 }
  }

  private init?(netpbmDigit digit: UInt8) {
    switch digit {
    case UInt8(ascii: "1"), UInt8(ascii: "4"): self = .pbm
    case UInt8(ascii: "2"), UInt8(ascii: "5"): self = .pgm
    case UInt8(ascii: "3"), UInt8(ascii: "6"): self = .ppm
    case UInt8(ascii: "7"): self = .pam
    default: return nil
    }
  }

  /// A format inside a container that many formats share: RIFF, or ISO base media, whose first box lists brands.
  private init?(container bytes: [UInt8]) {
    guard bytes.count >= 12 else { return nil }
    if bytes.starts(with: [UInt8](ascii: "RIFF")), bytes[8..<12].elementsEqual([UInt8](ascii: "WEBP")) {
      self = .webp
      return
    }
    guard bytes[4..<8].elementsEqual([UInt8](ascii: "ftyp")) else { return nil }
    let size = bytes[..<4].reduce(0) { $0 << 8 | Int($1) }
    let end = min(max(size, 12), bytes.count, 256)
    // The brand, a version, and the brands that it is compatible with.
    let places = [8] + Array(stride(from: 16, through: end - 4, by: 4))
    let brands = places.map { String(decoding: bytes[$0..<$0 + 4], as: UTF8.self) }
    if brands.contains(where: { ["avif", "avis"].contains($0) }) {
      self = .avif
    } else if brands.contains(where: { ["heic", "heix", "hevc", "hevx", "heim", "heis"].contains($0) }) {
      self = .heic
    } else if brands.contains(where: { ["mif1", "msf1"].contains($0) }) {
      self = .heif
    } else {
      return nil
    }
  }

  /// The name of a known format that is not supported, or the first bytes.
  private static func description(ofUnknown bytes: [UInt8]) -> String {
    let signatures: [(name: String, offset: Int, bytes: [UInt8])] = [
      ("a JPEG XL file", 0, [0xff, 0x0a]), ("a JPEG XL file", 4, [UInt8](ascii: "JXL ")),
      ("a JPEG 2000 file", 4, [UInt8](ascii: "jP  ")), ("a JPEG 2000 file", 0, [0xff, 0x4f, 0xff, 0x51]),
      ("a PDF file", 0, [UInt8](ascii: "%PDF")), ("a PostScript file", 0, [UInt8](ascii: "%!PS")),
      ("a NumPy array", 0, [0x93] + [UInt8](ascii: "NUMPY")), ("a Photoshop file", 0, [UInt8](ascii: "8BPS")),
      ("an OpenEXR file", 0, [0x76, 0x2f, 0x31, 0x01]), ("a Radiance HDR file", 0, [UInt8](ascii: "#?RADIANCE")),
      ("a DirectDraw surface (DDS)", 0, [UInt8](ascii: "DDS ")), ("a QOI file", 0, [UInt8](ascii: "qoif")),
      ("an icon file (ICO)", 0, [0, 0, 1, 0]), ("a PFM file", 0, [UInt8](ascii: "PF\n")),
      ("a PFM file", 0, [UInt8](ascii: "Pf\n")), ("a ZIP archive", 0, [0x50, 0x4b, 3, 4]),
      ("a gzip archive", 0, [0x1f, 0x8b]), ("an MP4 or QuickTime video", 4, [UInt8](ascii: "ftyp")),
      ("a Git LFS pointer instead of the file (run git lfs pull)", 0, [UInt8](ascii: "version https://git-lfs")),
    ]
    for signature in signatures where bytes.dropFirst(signature.offset).starts(with: signature.bytes) {
      return signature.name
    }
    if let markup = markup(bytes) { return markup }
    guard !bytes.isEmpty else { return "no bytes" }
    let digits = bytes.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    return "a file that starts with the bytes " + digits.joined(separator: " ")
  }

  private static func markup(_ bytes: [UInt8]) -> String? {
    let start = String(decoding: bytes.prefix(512).drop(while: \.isNetpbmSpace), as: UTF8.self).lowercased()
    if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") { return "an HTML page" }
    if start.hasPrefix("<svg") || (start.hasPrefix("<?xml") && start.contains("<svg")) { return "an SVG file" }
    return start.hasPrefix("<?xml") ? "an XML file" : nil
  }
}

extension [UInt8] {
  /// The bytes of a signature.
  init(ascii text: StaticString) {
    self = Array(text.description.utf8)
  }
}
