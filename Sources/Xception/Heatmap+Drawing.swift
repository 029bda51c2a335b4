package import ImageInput

extension Heatmap {
  /// The picture that was classified as a PNG file, upright and at its own size, with the heatmap laid over it in colors from
  /// black over red to pale yellow, and the scale of the colors below it.
  ///
  /// The heatmap lies over the part of the picture that the network was given; around a center crop the picture stays as it is.
  /// It takes 6 bytes of memory a pixel, and the file, which is not much smaller than 3.
  ///
  /// - Parameter image: The same that was classified; a descriptor that was read to its end then has nothing left.
  public func png(over image: ImageSource) throws(HeatmapError) -> [UInt8] {
    do throws(ImageError) {
      return try drawn(over: Image(image, decoding: frame.decoding)).png()
    } catch {
      throw .image(error, path: image.filePath)
    }
  }

  /// The picture with the heatmap and, below it, the scale of its colors.
  package func drawn(over image: Image) -> Image {
    let part = frame.geometry.part(
      ofWidth: image.width, height: image.height, inputWidth: frame.width, inputHeight: frame.height)
    return image.overlaid(
      with: Overlay(values: values, width: width, height: height, columns: part.columns, rows: part.rows))
  }
}

extension Image {
  /// A source's picture, upright where the options say so.
  package init(_ source: ImageSource, decoding options: DecodingOptions) throws(ImageError) {
    switch source {
    case .file(let url): try self.init(contentsOf: url.path, options: options)
    case .path(let path): try self.init(contentsOf: path, options: options)
    case .encoded(let bytes): try self.init(decoding: bytes, options: options)
    case .descriptor(let descriptor): try self.init(readingFrom: descriptor, options: options)
    case .rgb(let pixels, let width, let height): try self.init(width: width, height: height, pixels: pixels)
    }
  }
}
