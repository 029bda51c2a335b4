import Kernels

/// A map's rows at a guard page, as floats and as words.
final class MapRows {
  let floats: GuardedFloats
  let words: GuardedFloats
  /// The channels of a pixel.
  let channels: Int
  let rowPixels: Int
  let count: Int
  /// Where the rows of floats begin, and behind them those of words.
  private let starts: UnsafeMutablePointer<UnsafePointer<Float>>

  init(_ kernels: any KernelSet.Type, rows: Int, pixels: Int, panels: Int, _ random: inout RandomValues) throws {
    channels = panels * kernels.panelWidth
    rowPixels = pixels
    count = rows
    let values = random.representable(rows * pixels * channels)
    floats = try GuardedFloats(values)
    words = try GuardedFloats(PackedLayout(width: kernels.vectorWidth).words(values))
    unsafe starts = .allocate(capacity: 2 * rows)
    for row in 0..<rows {
      unsafe (starts + row).initialize(to: UnsafePointer(floats.start + row * pixels * channels))
      unsafe (starts + rows + row).initialize(to: UnsafePointer(words.start + row * pixels * channels / 2))
    }
  }

  deinit { unsafe starts.deallocate() }

  func stride(_ element: MapElementType) -> Int { element == .float32 ? channels : channels / 2 }

  /// Where each row begins; they are there as long as this is.
  func pointers(_ element: MapElementType) -> UnsafePointer<UnsafePointer<Float>> {
    unsafe UnsafePointer(element == .float32 ? starts : starts + count)
  }
}
