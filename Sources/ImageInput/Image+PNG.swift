import CImageCodecs
import ModelGraph

extension Image {
  /// The picture as a PNG file.
  ///
  /// - Throws: `ImageError.outOfMemory` where libpng has too little memory.
  package func png() throws(ImageError) -> [UInt8] {
    // What zlib may add to incompressible rows, and the chunks around them, stay far below a sixteenth and 1,024 bytes.
    let rows = height * (width * 3 + 1)
    var file = [UInt8](repeating: 0, count: rows + rows / 16 + 1024)
    var count = file.count
    let isWritten = unsafe codec_write_png(pixels, UInt32(width), UInt32(height), &file, &count)
    guard isWritten else { throw .outOfMemory(.png) }
    return Array(file[..<count])
  }

  /// The picture shrunk so that its longer side has so many pixels; itself where that is shorter already.
  package func thumbnail(side: Int) -> Image {
    let longer = max(width, height)
    guard longer > side else { return self }
    let (width, height) = (max(1, width * side / longer), max(1, height * side / longer))
    let plain = Preprocessing(
      filter: .bilinear, antialias: true, geometry: .stretch, divisor: 1, mean: [0, 0, 0],
      standardDeviation: [1, 1, 1])
    guard
      let preprocessor = try? Preprocessor(
        preprocessing: plain, inputShape: .map(height: height, width: width, channels: 3))
    else { preconditionFailure("a plain resizing is valid for every size") }
    return Image(validWidth: width, height: height, pixels: preprocessor(self).map { UInt8($0) })
  }
}
