extension DecodingOptions.Limits {
  /// Refuses the size that a header declares where it is zero or exceeds a limit; afterwards `width * height * 4`
  /// cannot overflow.
  func check(width: Int, height: Int, format: ImageFormat, offset: Int) throws(ImageError) {
    guard width > 0, height > 0 else {
      throw .malformed(format, offset: offset, found: "a size of \(width) x \(height)", expected: "at least 1 x 1")
    }
    guard width <= self.width else { throw .exceedsLimit(.width, found: width, limit: self.width) }
    guard height <= self.height else { throw .exceedsLimit(.height, found: height, limit: self.height) }
    let (area, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, area <= min(pixels, Int.max >> 4) else {
      throw .exceedsLimit(.pixels, found: overflow ? .max : area, limit: pixels)
    }
  }
}
