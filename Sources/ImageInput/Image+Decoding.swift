@_exported public import XceptionTypes

extension Image {
  /// Decodes an image file in memory, recognized by its contents. Bytes after the image are ignored.
  package init(decoding bytes: [UInt8], options: DecodingOptions = .init()) throws(ImageError) {
    self = try ImageFormat.withDecoder(of: bytes, options: options) { (decoder) throws(ImageError) in
      var rows = DecodedRows(decoder, options: options)
      return try Image(storedAs: &rows).oriented(rows.orientation)
    }
  }

  /// Reads and decodes a file.
  package init(contentsOf path: String, options: DecodingOptions = .init()) throws(ImageError) {
    try self.init(
      decoding: FileReading.bytes(ofFileAt: path, limit: options.limits.bytes), options: options)
  }

  /// Reads an open file to its end and decodes it; standard input is 0. The file stays open.
  package init(readingFrom descriptor: CInt, options: DecodingOptions = .init()) throws(ImageError) {
    try self.init(
      decoding: FileReading(descriptor: descriptor).bytes(limit: options.limits.bytes), options: options)
  }

  /// All rows, not turned.
  private init(storedAs rows: inout DecodedRows) throws(ImageError) {
    let (stride, height) = (rows.width * 3, rows.height)
    var failure: ImageError?
    let pixels = unsafe [UInt8](unsafeUninitializedCapacity: stride * height) { pixels, count in
      do throws(ImageError) {
        try unsafe rows.read(height, into: pixels.baseAddress!, stride: stride)
        count = stride * height
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    self.init(validWidth: rows.width, height: height, pixels: pixels)
  }
}

/// A picture in memory as a source of rows.
struct ImageRows: RowSource {
  static var samples: Int { 3 }

  private let image: Image
  private var next = 0

  init(_ image: Image) { self.image = image }

  var width: Int { image.width }
  var height: Int { image.height }
  var orientation: Orientation { .upright }

  mutating func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>, stride: Int) {
    unsafe image.pixels.withUnsafeBufferPointer { pixels in
      for index in 0..<count {
        let row = unsafe pixels.baseAddress! + (next + index) * width * 3
        unsafe (rows + index * stride).update(from: row, count: width * 3)
      }
    }
    next += count
  }
}
