@_exported public import XceptionTypes

extension Image {
  /// Decodes an image file in memory, recognized by its contents. Bytes after the image are ignored.
  package init(decoding bytes: [UInt8], options: DecodingOptions = .init()) throws(ImageError) {
    guard bytes.count <= options.limits.bytes else {
      throw .exceedsLimit(.bytes, found: bytes.count, limit: options.limits.bytes)
    }
    switch try ImageFormat(of: bytes) {
    case .jpeg: self = try JPEGDecoder(bytes: bytes, options: options).image()
    case .png: self = try PNGDecoder(bytes: bytes, options: options).image()
    case .pgm: self = try NetpbmDecoder(bytes: bytes, format: .pgm, options: options).image()
    case .ppm: self = try NetpbmDecoder(bytes: bytes, format: .ppm, options: options).image()
    case .pam: self = try PAMDecoder(bytes: bytes, options: options).image()
    }
  }

  /// Reads and decodes a file.
  package init(contentsOf path: String, options: DecodingOptions = .init()) throws(ImageError) {
    try self.init(
      decoding: FileReading.bytes(ofFileAt: path, limit: options.limits.bytes), options: options)
  }

  /// Reads an open file to its end and decodes it; standard input is 0. The file stays open.
  package init(readingFrom descriptor: CInt, options: DecodingOptions = .init()) throws(ImageError) {
    let name = descriptor == 0 ? "standard input" : "file descriptor \(descriptor)"
    try self.init(
      decoding: FileReading(path: name, descriptor: descriptor).bytes(limit: options.limits.bytes), options: options)
  }
}
