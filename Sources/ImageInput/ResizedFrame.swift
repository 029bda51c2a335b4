import ModelGraph

/// One side of a resized image, and the part of it that is used.
struct ResizedSide {
  /// Pixels of the image.
  let imageSize: Int
  /// Pixels it is resized to.
  let size: Int
  /// Of the resized pixels, those that are computed.
  let used: Range<Int>
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
}
