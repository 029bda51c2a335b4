import CImageCodecs

/// The C functions that decode one format; they return a status and never jump.
@safe struct Codec: Sendable {
  let format: ImageFormat
  let readHeader:
    @Sendable (UnsafePointer<UInt8>, Int, UnsafeMutablePointer<codec_header>, UnsafeMutablePointer<codec_failure>) ->
      CInt
  let decode:
    @Sendable (UnsafePointer<UInt8>, Int, UnsafeMutablePointer<UInt8>, Int, UnsafeMutablePointer<codec_failure>) -> CInt

  static let png = unsafe Codec(format: .png, readHeader: codec_png_header, decode: codec_png_decode)
  static let jpeg = unsafe Codec(format: .jpeg, readHeader: codec_jpeg_header, decode: codec_jpeg_decode)

  /// The header, its size checked against the limits, and the pixels, height x width x `channels` of the header.
  func pixels(of bytes: [UInt8], limits: DecodingOptions.Limits) throws(ImageError) -> (
    header: codec_header, pixels: [UInt8]
  ) {
    var header = codec_header()
    var failure = codec_failure()
    let headerStatus = unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe readHeader(bytes.baseAddress!, bytes.count, &header, &failure)
    }
    try check(headerStatus, failure)
    let (width, height) = (Int(header.width), Int(header.height))
    try limits.check(width: width, height: height, format: format, offset: 0)

    let count = width * height * Int(header.channels)
    var status: CInt = 0
    let pixels = unsafe [UInt8](unsafeUninitializedCapacity: count) { pixels, initializedCount in
      status = unsafe bytes.withUnsafeBufferPointer { bytes in
        unsafe decode(bytes.baseAddress!, bytes.count, pixels.baseAddress!, count, &failure)
      }
      initializedCount = status == CInt(codec_success.rawValue) ? count : 0
    }
    try check(status, failure)
    return (header, pixels)
  }

  private func check(_ status: CInt, _ failure: codec_failure) throws(ImageError) {
    guard status != CInt(codec_success.rawValue) else { return }
    let message = unsafe withUnsafeBytes(of: failure.message) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    switch UInt32(status) {
    case codec_truncated.rawValue: throw .truncated(format, offset: failure.offset, expected: "the rest of the image")
    case codec_unsupported.rawValue:
      throw .unsupported(format, offset: failure.offset, found: message, expected: supported)
    case codec_out_of_memory.rawValue: throw .outOfMemory(format)
    default:
      throw .malformed(format, offset: failure.offset, found: message, expected: "an undamaged \(format.rawValue) file")
    }
  }

  private var supported: String {
    format == .jpeg ? "8-bit grayscale, YCbCr, RGB, CMYK and YCCK, in at most 200 scans" : "every PNG file"
  }
}
