import CImageCodecs

extension Image {
  /// The picture as a PNG file.
  ///
  /// - Throws: `ImageError.outOfMemory` where libpng has too little memory.
  package func png() throws(ImageError) -> [UInt8] {
    // What zlib may add to incompressible rows, and the chunks around them, stays far below a sixteenth and 1,024
    // bytes.
    let rows = height * (width * 3 + 1)
    var file = [UInt8](repeating: 0, count: rows + rows / 16 + 1024)
    var count = file.count
    let isWritten = unsafe codec_write_png(pixels, UInt32(width), UInt32(height), &file, &count)
    guard isWritten else { throw .outOfMemory(.png) }
    return Array(file[..<count])
  }
}
