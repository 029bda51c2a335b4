/// A picture in memory: rows from top to bottom, pixels from left to right, each red, green, blue of 8 bits.
///
/// The values are the file's own: gamma and color profiles are ignored, as Pillow ignores them.
package struct Image: Hashable, Sendable {
  /// In pixels, at least 1.
  package let width: Int
  /// In pixels, at least 1.
  package let height: Int
  /// `height` x `width` x 3 values.
  package let pixels: [UInt8]

  /// An image of pixels that are in memory already.
  ///
  /// - Throws: `ImageError.wrongPixelCount` where `pixels` does not hold width x height x 3 values, or a
  ///   side is not positive.
  package init(width: Int, height: Int, pixels: [UInt8]) throws(ImageError) {
    let (area, areaOverflow) = width.multipliedReportingOverflow(by: height)
    let (count, countOverflow) = area.multipliedReportingOverflow(by: 3)
    guard width > 0, height > 0, !areaOverflow, !countOverflow, pixels.count == count else {
      throw .wrongPixelCount(width: width, height: height, found: pixels.count)
    }
    self.init(validWidth: width, height: height, pixels: pixels)
  }

  /// For decoders, which know that `pixels` fits.
  init(validWidth width: Int, height: Int, pixels: [UInt8]) {
    assert(width > 0 && height > 0 && pixels.count == width * height * 3)
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}
