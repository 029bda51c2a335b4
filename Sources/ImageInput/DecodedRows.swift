/// Rows of a stored picture from the top, RGB or RGBA of 8 bits: what resizing reads.
protocol RowSource {
  associatedtype Failure: Error

  /// Bytes of a pixel: 3, or 4 with alpha. It belongs to the type, so that the passes are compiled for either.
  static var samples: Int { get }
  /// Of the stored picture, in pixels.
  var width: Int { get }
  var height: Int { get }
  /// How the stored picture must be turned to stand upright.
  var orientation: Orientation { get }

  /// The next rows, of `width` pixels, each `stride` bytes after the one before.
  mutating func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>, stride: Int) throws(Failure)
}

/// A file's rows as RGB.
struct DecodedRows: RowSource {
  static var samples: Int { 3 }

  private let decoder: any RowDecoder
  private let pixels: PixelConversion
  let orientation: Orientation
  /// A row of the decoder's layout, where its pixels are wider than RGB.
  private var wide: [UInt8]

  var width: Int { decoder.width }
  var height: Int { decoder.height }

  init(_ decoder: any RowDecoder, options: DecodingOptions) {
    self.decoder = decoder
    pixels = PixelConversion(width: decoder.width, layout: decoder.layout, alpha: options.alpha)
    orientation = options.appliesOrientation ? decoder.orientation : .upright
    wide = decoder.layout.samples > 3 ? [UInt8](repeating: 0, count: decoder.width * decoder.layout.samples) : []
  }

  mutating func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>, stride: Int) throws(ImageError) {
    if wide.isEmpty {
      try unsafe decoder.read(count, into: rows, stride: stride)
      for index in 0..<count { unsafe pixels.expand(rows + index * stride) }
      return
    }
    let (decoder, pixels, wideStride) = (decoder, pixels, wide.count)
    for index in 0..<count {
      try unsafe wide.withUnsafeMutableBufferPointer { (wide) throws(ImageError) in
        try unsafe decoder.read(1, into: wide.baseAddress!, stride: wideStride)
        unsafe pixels.narrow(wide.baseAddress!, into: rows + index * stride)
      }
    }
  }
}
