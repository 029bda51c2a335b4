/// A file's rows as RGBA. A picture without alpha is opaque, as Pillow's `convert("RGBA")` makes it.
struct AlphaRows: RowSource {
  static var samples: Int { 4 }

  private let decoder: any RowDecoder
  private let pixels: PixelConversion
  let orientation: Orientation

  var width: Int { decoder.width }
  var height: Int { decoder.height }

  init(_ decoder: any RowDecoder, options: DecodingOptions) {
    self.decoder = decoder
    pixels = PixelConversion(width: decoder.width, layout: decoder.layout, alpha: options.alpha)
    orientation = options.appliesOrientation ? decoder.orientation : .upright
  }

  mutating func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>, stride: Int) throws(ImageError) {
    try unsafe decoder.read(count, into: rows, stride: stride)
    for index in 0..<count { unsafe pixels.expandWithAlpha(rows + index * stride) }
  }
}

/// The rows of an RGB source as opaque RGBA.
struct OpaqueRows<Source: RowSource>: RowSource {
  static var samples: Int { 4 }

  var source: Source

  var width: Int { source.width }
  var height: Int { source.height }
  var orientation: Orientation { source.orientation }

  mutating func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>, stride: Int) throws(Source.Failure) {
    try unsafe source.read(count, into: rows, stride: stride)
    let pixels = PixelConversion(width: width, layout: .rgb, alpha: .drop)
    for index in 0..<count { unsafe pixels.expandWithAlpha(rows + index * stride) }
  }
}

/// The rows of an RGBA source with colors times alpha.
///
/// Pillow's `resize` filters RGBA pictures so, and divides by the resized alpha again: a transparent pixel's color, which
/// nobody sees, does not bleed into its neighbors. Its nearest neighbor and `tf.image.resize` leave colors as they are.
struct PremultipliedRows<Source: RowSource>: RowSource {
  static var samples: Int { 4 }

  var source: Source

  var width: Int { source.width }
  var height: Int { source.height }
  var orientation: Orientation { source.orientation }

  mutating func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>, stride: Int) throws(Source.Failure) {
    try unsafe source.read(count, into: rows, stride: stride)
    for index in 0..<count {
      for x in 0..<width {
        let pixel = unsafe rows + index * stride + x * 4
        let alpha = unsafe UInt32(pixel[3])
        for channel in 0..<3 {
          // The product divided by 255 and rounded to the nearest, in Pillow's arithmetic.
          let product = unsafe UInt32(pixel[channel]) * alpha + 128
          unsafe pixel[channel] = UInt8((product >> 8 + product) >> 8)
        }
      }
    }
  }

  /// Divides the colors of resized pixels by their alpha, in Pillow's arithmetic.
  static func divide(_ pixels: inout [UInt8]) {
    for pixel in stride(from: 0, to: pixels.count, by: 4) {
      let alpha = UInt32(pixels[pixel + 3])
      guard alpha > 0, alpha < 255 else { continue }
      for place in pixel..<pixel + 3 { pixels[place] = UInt8(min(255 * UInt32(pixels[place]) / alpha, 255)) }
    }
  }
}
