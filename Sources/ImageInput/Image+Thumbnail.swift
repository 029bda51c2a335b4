import ModelGraph

extension Image {
  /// A picture in a file, upright, shrunk so that its longer side has at most so many pixels: it is shrunk as it is decoded, so
  /// that a large one takes little memory.
  package init(thumbnailOf bytes: [UInt8], side: Int, options: DecodingOptions = .init()) throws(ImageError) {
    self = try ImageFormat.withDecoder(of: bytes, options: options) { (decoder) throws(ImageError) in
      let rows = DecodedRows(decoder, options: options)
      let isTurned = rows.orientation.isSideways
      let size = Image.thumbnailSize(
        width: isTurned ? rows.height : rows.width, height: isTurned ? rows.width : rows.height, side: side)
      let preprocessor = Preprocessor.shrinking(to: size)
      var values = [Float](repeating: 0, count: size.height * size.width * 3)
      try unsafe values.withUnsafeMutableBufferPointer { (values) throws(ImageError) in
        _ = try unsafe preprocessor.write(rows: rows, into: values)
      }
      return Image(validWidth: size.width, height: size.height, pixels: values.map { UInt8($0) })
    }
  }

  /// The picture shrunk so that its longer side has so many pixels; itself where that is shorter already.
  package func thumbnail(side: Int) -> Image {
    guard max(width, height) > side else { return self }
    let size = Self.thumbnailSize(width: width, height: height, side: side)
    return Image(
      validWidth: size.width, height: size.height,
      pixels: Preprocessor.shrinking(to: size)(self).map { UInt8($0) })
  }

  private static func thumbnailSize(width: Int, height: Int, side: Int) -> Extent {
    let longer = max(width, height)
    guard longer > side else { return Extent(height: height, width: width) }
    return Extent(height: max(1, height * side / longer), width: max(1, width * side / longer))
  }
}

extension Preprocessor {
  /// Makes pixels of a picture of another size.
  fileprivate static func shrinking(to size: Extent) -> Preprocessor {
    let plain = Preprocessing(
      filter: .bilinear, antialias: true, geometry: .stretch, divisor: 1, mean: [0, 0, 0],
      standardDeviation: [1, 1, 1])
    guard
      let preprocessor = try? Preprocessor(
        preprocessing: plain, inputShape: .map(height: size.height, width: size.width, channels: 3))
    else { preconditionFailure("a plain resizing is valid for every size") }
    return preprocessor
  }
}
