import Kernels

/// Pixels split evenly into as few blocks as a limit allows, in order.
///
/// An iterator of its own: a lazy map allocates its closure in debug builds, and a run must not allocate.
struct PixelBlocks: Sequence, IteratorProtocol {
  private let pixels: Range<Int>
  private let count: Int
  private var index = 0

  /// - Parameter limit: The most pixels of a block; at least 1.
  init(_ pixels: Range<Int>, limit: Int) {
    self.pixels = pixels
    count = (pixels.count + limit - 1) / limit
  }

  mutating func next() -> (index: Int, pixels: Range<Int>)? {
    guard index < count else { return nil }
    defer { index += 1 }
    let part = share(index, of: count, pixels.count)
    return (index, pixels.lowerBound + part.lowerBound..<pixels.lowerBound + part.upperBound)
  }
}
