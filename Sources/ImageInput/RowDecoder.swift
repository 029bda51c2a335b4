/// The samples of a pixel, a byte each.
enum PixelLayout: Int {
  case gray = 1
  case grayAlpha, rgb, rgba
  /// Cyan, magenta, yellow and black, each stored as 255 minus the amount of ink.
  case invertedCMYK

  /// Bytes of a pixel.
  var samples: Int { self == .invertedCMYK ? 4 : rawValue }
}

/// A file whose picture is being decoded: what every format is read through.
///
/// The header has been read, and its size is within the limits; memory for pixels is allocated when the first rows are
/// read.
protocol RowDecoder: AnyObject {
  /// Of the stored picture, in pixels.
  var width: Int { get }
  var height: Int { get }
  var layout: PixelLayout { get }
  /// How the stored picture must be turned to stand upright.
  var orientation: Orientation { get }

  /// Decodes the next rows from the top, a band of them.
  ///
  /// - Parameters:
  ///   - count: not more than are left.
  ///   - rows: `count` rows of `width` pixels of the layout.
  ///   - stride: bytes from a row to the next.
  func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>, stride: Int) throws(ImageError)
}

extension ImageFormat {
  /// Reads the header of a file and calls a function with its decoder, which refers to the bytes.
  static func withDecoder<Result>(
    of bytes: [UInt8], options: DecodingOptions, _ body: (any RowDecoder) throws(ImageError) -> Result
  ) throws(ImageError) -> Result {
    guard bytes.count <= options.limits.bytes else {
      throw .exceedsLimit(.bytes, found: bytes.count, limit: options.limits.bytes)
    }
    let format = try ImageFormat(of: bytes)
    switch format {
    case .bmp: return try body(BMPDecoder(bytes, options))
    case .pbm, .pgm, .ppm: return try body(NetpbmDecoder(bytes, format, options))
    case .pam: return try body(NetpbmDecoder(pam: bytes, options))
    case .jpeg, .png, .webp, .gif, .tiff, .heic, .avif, .heif:
      return try unsafe bytes.withUnsafeBufferPointer { (pointer) throws(ImageError) in
        try body(unsafe CodecDecoder(pointer, format, options, orientation: format.orientation(in: bytes)))
      }
    }
  }
}
