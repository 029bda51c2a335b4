import ModelGraph

/// One side of a resized image, and the part of it that is used.
struct ResizedSide {
  /// Pixels of the image.
  let imageSize: Int
  /// The image's pixels that are resized; those beyond the image are black.
  let region: Range<Int>
  /// Pixels they are resized to.
  let size: Int
  /// Of the resized pixels, those that are computed; beyond them all is black.
  let used: Range<Int>

  init(imageSize: Int, region: Range<Int>? = nil, size: Int, used: Range<Int>) {
    self.imageSize = imageSize
    self.region = region ?? 0..<imageSize
    self.size = size
    self.used = used
  }
}

/// How an image is resized and what part of the result becomes the input.
///
/// Rows are resized as they come, and only those that a result needs are in memory: for an input of 299 rows and the
/// bicubic filter, which reads four rows for each that it makes, a seventy-fifth of the image. The image is turned
/// upright on the way: where its rows are stored as columns, the passes are exchanged too, and the terms of each sum
/// keep their order. The result is therefore bit for bit that of turning the whole image first.
struct ResizedFrame {
  let columns: ResizedSide
  let rows: ResizedSide
  /// Of the stored image.
  let orientation: Orientation

  /// - Parameters:
  ///   - imageWidth: of the stored image.
  ///   - imageHeight: likewise.
  ///   - width: of the input, not more than the shorter side of a center crop.
  ///   - height: of the input, likewise.
  init(
    geometry: Preprocessing.Geometry, imageWidth: Int, imageHeight: Int, orientation: Orientation, width: Int,
    height: Int
  ) {
    self.orientation = orientation
    let (imageWidth, imageHeight) = orientation.isSideways ? (imageHeight, imageWidth) : (imageWidth, imageHeight)
    switch geometry {
    case .stretch:
      columns = ResizedSide(imageSize: imageWidth, size: width, used: 0..<width)
      rows = ResizedSide(imageSize: imageHeight, size: height, used: 0..<height)
    case .centerCrop(let shorterSide):
      // torchvision's Resize truncates the longer side.
      let shortest = min(imageWidth, imageHeight)
      columns = ResizedSide(imageSize: imageWidth, size: imageWidth * shorterSide / shortest, centered: width)
      rows = ResizedSide(imageSize: imageHeight, size: imageHeight * shorterSide / shortest, centered: height)
    case .cropToAspectRatio:
      columns = ResizedSide(imageSize: imageWidth, size: width, cutLike: height, of: imageHeight)
      rows = ResizedSide(imageSize: imageHeight, size: height, cutLike: width, of: imageWidth)
    case .pad(.before):
      columns = ResizedSide(imageSize: imageWidth, size: width, paddedLike: height, of: imageHeight)
      rows = ResizedSide(imageSize: imageHeight, size: height, paddedLike: width, of: imageWidth)
    case .pad(.after):
      let ratio = max(Double(imageWidth) / Double(width), Double(imageHeight) / Double(height))
      columns = ResizedSide(imageSize: imageWidth, reducedBy: ratio, padded: width)
      rows = ResizedSide(imageSize: imageHeight, reducedBy: ratio, padded: height)
    }
  }

  /// The windows of both sides, on the stored image.
  func windows<Weight>(
    _ make: (ResizedSide) -> SamplingWindows<Weight>
  ) -> (across: SamplingWindows<Weight>, down: SamplingWindows<Weight>) {
    (
      make(columns).reversed(orientation.reversesColumns, size: columns.imageSize),
      make(rows).reversed(orientation.reversesRows, size: rows.imageSize)
    )
  }
}

extension ResizedSide {
  /// Uses the middle, as torchvision's CenterCrop does: it starts at half of what is left over, rounded with Python's
  /// `round`, which takes a half to the even neighbor.
  init(imageSize: Int, size: Int, centered count: Int) {
    let rest = size - count
    let start = rest / 2 + (rest % 4 == 3 ? 1 : 0)
    self.init(imageSize: imageSize, size: size, used: start..<start + count)
  }

  /// The image's pixels that have the proportion of the other side, in the single precision of Keras's `Resizing`.
  private static func proportion(of size: Int, to otherSize: Int, of otherImageSize: Int) -> Int {
    Int(Float(otherImageSize * size) / Float(otherSize))
  }

  /// The middle, of the proportion of the other side and at least one pixel.
  init(imageSize: Int, size: Int, cutLike otherSize: Int, of otherImageSize: Int) {
    let kept = max(min(Self.proportion(of: size, to: otherSize, of: otherImageSize), imageSize), 1)
    let start = (imageSize - kept) / 2
    self.init(imageSize: imageSize, region: start..<start + kept, size: size, used: 0..<size)
  }

  /// With margins that give it the proportion of the other side.
  init(imageSize: Int, size: Int, paddedLike otherSize: Int, of otherImageSize: Int) {
    let padded = Self.proportion(of: size, to: otherSize, of: otherImageSize)
    let margin = max(padded - imageSize, 0) / 2
    self.init(imageSize: imageSize, region: -margin..<imageSize + margin, size: size, used: 0..<size)
  }

  /// Less its fraction, with black around it, in the double precision of `tf.image.resize_with_pad`.
  init(imageSize: Int, reducedBy ratio: Double, padded count: Int) {
    let size = Double(imageSize) / ratio
    let start = Int(max(Double(count) - size, 0) / 2)
    self.init(imageSize: imageSize, size: max(Int(size), 1), used: -start..<count - start)
  }
}
