import ModelGraph

/// One side of a resized image, of which a part is used.
struct ResizedSide {
  /// Pixels of the image.
  let imageSize: Int
  /// Pixels it is resized to.
  let size: Int
  /// Of the resized pixels, those that are computed.
  let used: Range<Int>
}

/// How an image is resized and what part of the result becomes the input.
struct ResizedFrame {
  let columns: ResizedSide
  let rows: ResizedSide

  /// - Parameters:
  ///   - width: of the input, not more than the shorter side of a center crop.
  ///   - height: of the input, likewise.
  init(geometry: Preprocessing.Geometry, imageWidth: Int, imageHeight: Int, width: Int, height: Int) {
    switch geometry {
    case .stretch:
      columns = ResizedSide(imageSize: imageWidth, size: width, used: 0..<width)
      rows = ResizedSide(imageSize: imageHeight, size: height, used: 0..<height)
    case .centerCrop(let shorterSide):
      // torchvision's Resize cuts the longer side's fraction off.
      let shortest = min(imageWidth, imageHeight)
      columns = ResizedSide(imageSize: imageWidth, size: imageWidth * shorterSide / shortest, centered: width)
      rows = ResizedSide(imageSize: imageHeight, size: imageHeight * shorterSide / shortest, centered: height)
    }
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
