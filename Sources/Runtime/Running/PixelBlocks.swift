import Kernels

/// Pixels split evenly into as few blocks of whole tiles as a limit allows, in order; the last tile may have fewer rows.
///
/// Blocks of as many pixels each had tiles of 13 and 14 rows by turns, and depthwise runs of six pixels instead of seven.
///
/// An iterator of its own: a lazy map allocates its closure in debug builds, and a run must not allocate.
struct PixelBlocks: Sequence, IteratorProtocol {
  private let pixels: Range<Int>
  private let tileRows: Int
  private let tiles: Int
  private let count: Int
  private var index = 0

  /// - Parameters:
  ///   - tileRows: The pixels of a tile.
  ///   - limit: The most tiles of a block; at least 1.
  init(_ pixels: Range<Int>, tileRows: Int, limit: Int) {
    self.pixels = pixels
    self.tileRows = tileRows
    tiles = (pixels.count + tileRows - 1) / tileRows
    count = (tiles + limit - 1) / limit
  }

  mutating func next() -> (index: Int, pixels: Range<Int>)? {
    guard index < count else { return nil }
    defer { index += 1 }
    let part = share(index, of: count, tiles)
    let first = pixels.lowerBound + part.lowerBound * tileRows
    return (index, first..<Swift.min(first + part.count * tileRows, pixels.upperBound))
  }
}
