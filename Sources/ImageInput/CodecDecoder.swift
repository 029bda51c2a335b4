import CImageCodecs

/// Decodes a file through one of the system's libraries.
@safe final class CodecDecoder: RowDecoder {
  private typealias Open =
    @convention(c) (
      UnsafePointer<UInt8>, Int, codec_options, UnsafeMutablePointer<codec_header>,
      UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<codec_failure>
    ) -> CInt

  private let format: ImageFormat
  private let reader: OpaquePointer
  let width: Int
  let height: Int
  let layout: PixelLayout
  let orientation: Orientation

  /// - Parameters:
  ///   - bytes: of the file; they must outlive the decoder.
  ///   - orientation: what was found in the file; what the library finds takes precedence.
  init(
    _ bytes: UnsafeBufferPointer<UInt8>, _ format: ImageFormat, _ options: DecodingOptions, orientation: Orientation
  ) throws(ImageError) {
    let codecOptions = codec_options(
      tolerant: options.truncated == .accept, keeps_orientation: !options.appliesOrientation)
    var header = codec_header()
    var failure = codec_failure()
    var opened: OpaquePointer?
    let status = unsafe Self.open(format)(
      bytes.baseAddress!, bytes.count, codecOptions, &header, &opened, &failure)
    guard status == CInt(codec_success.rawValue), let reader = unsafe opened else {
      throw Self.error(format, status, failure, height: nil)
    }
    let (width, height) = (Int(header.width), Int(header.height))
    do {
      try options.limits.check(width: width, height: height, format: format, offset: 0)
    } catch {
      unsafe codec_close(reader)
      throw error
    }
    self.format = format
    unsafe self.reader = reader
    self.width = width
    self.height = height
    layout = PixelLayout(rawValue: Int(header.layout.rawValue))!
    self.orientation = Orientation(rawValue: Int(header.orientation)) ?? orientation
  }

  deinit { unsafe codec_close(reader) }

  func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>, stride: Int) throws(ImageError) {
    var failure = codec_failure()
    let status = unsafe codec_read_rows(reader, rows, stride, count, &failure)
    guard status == CInt(codec_success.rawValue) else {
      throw Self.error(format, status, failure, height: height)
    }
  }

  private static func open(_ format: ImageFormat) -> Open {
    switch format {
    case .jpeg: unsafe codec_open_jpeg
    case .png: unsafe codec_open_png
    case .webp: unsafe codec_open_webp
    case .gif: unsafe codec_open_gif
    case .tiff: unsafe codec_open_tiff
    case .heic, .avif, .heif: unsafe codec_open_heif
    case .bmp, .pbm, .pgm, .ppm, .pam: preconditionFailure("\(format.rawValue) is decoded without a library")
    }
  }

  /// - Parameter height: nil where the header is in error.
  private static func error(
    _ format: ImageFormat, _ status: CInt, _ failure: codec_failure, height: Int?
  ) -> ImageError {
    let message = unsafe withUnsafeBytes(of: failure.message) { bytes in
      // libheif's messages span several lines.
      unsafe String(decoding: bytes.prefix { $0 != 0 }.map { $0 < 0x20 ? 0x20 : $0 }, as: UTF8.self)
    }
    let offset = Int(failure.offset)
    switch UInt32(status) {
    case codec_truncated.rawValue:
      let lines = height.flatMap { failure.rows >= 0 ? "; \(failure.rows) of \($0) lines are there" : nil } ?? ""
      return .truncated(format, offset: offset, expected: "the rest of the image" + lines)
    case codec_unsupported.rawValue:
      return .unsupported(format, offset: offset, found: message, expected: format.supported)
    case codec_out_of_memory.rawValue: return .outOfMemory(format)
    case codec_missing_library.rawValue:
      return format == .tiff
        ? .missingLibrary(format, library: "libtiff", installation: "apt-get install libtiff6, or brew install libtiff")
        : .missingLibrary(
          format, library: "libheif",
          installation: "apt-get install libheif1\(format.plugin), or brew install libheif")
    default:
      return .malformed(
        format, offset: offset, found: message, expected: "an undamaged \(format.rawValue) file")
    }
  }
}

extension ImageFormat {
  /// What is supported, for the error where a file uses something else.
  fileprivate var supported: String {
    switch self {
    case .jpeg: "8-bit grayscale, YCbCr, RGB, CMYK and YCCK, in at most 200 scans"
    case .tiff: "gray, RGB, palette, CMYK, YCbCr and Lab of 1 to 16 bits, in the compressions of the installed libtiff"
    case .heic, .avif, .heif: "what the installed libheif decodes; some systems package its decoders apart\(plugin)"
    default: "every \(rawValue) file"
    }
  }

  /// Since Debian 13 and Ubuntu 24.04 libheif's decoders are packages of their own.
  fileprivate var plugin: String {
    let package = self == .avif ? "libheif-plugin-dav1d" : "libheif-plugin-libde265"
    return " (and \(package), where there is such a package)"
  }
}
