/// The rows of another source with all three channels of a pixel its luminance, as Pillow's `convert("L")` rounds it.
///
/// Keras's `load_img(color_mode="grayscale")` does the same before it resizes. A gray picture stays as it is.
struct GrayRows<Source: RowSource>: RowSource {
  static var samples: Int { 3 }

  var source: Source

  var width: Int { source.width }
  var height: Int { source.height }
  var orientation: Orientation { source.orientation }

  mutating func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>, stride: Int) throws(Source.Failure) {
    try unsafe source.read(count, into: rows, stride: stride)
    for index in 0..<count {
      for x in 0..<width {
        let pixel = unsafe rows + index * stride + x * 3
        // ITU-R BT.601's 0.299, 0.587 and 0.114, which add up to 2^16.
        let (red, green, blue) = unsafe (UInt32(pixel[0]) * 19595, UInt32(pixel[1]) * 38470, UInt32(pixel[2]) * 7471)
        let gray = UInt8((red + green + blue + 0x8000) >> 16)
        for channel in 0..<3 { unsafe pixel[channel] = gray }
      }
    }
  }
}
