import Kernels

/// A map's rows at a guard page, as floats and as words.
struct MapRows {
  let floats: GuardedFloats
  let words: GuardedFloats
  /// The channels of a pixel.
  let channels: Int
  let rowPixels: Int
  let count: Int

  init(_ kernels: any KernelSet.Type, rows: Int, pixels: Int, panels: Int, _ random: inout RandomValues) throws {
    channels = panels * kernels.panelWidth
    rowPixels = pixels
    count = rows
    let values = random.representable(rows * pixels * channels)
    floats = try GuardedFloats(values)
    words = try GuardedFloats(PackedLayout(width: kernels.vectorWidth).words(values))
  }

  func stride(_ element: MapElementType) -> Int { element == .float32 ? channels : channels / 2 }

  func pointers(_ element: MapElementType) -> [UnsafePointer<Float>] {
    let start = unsafe element == .float32 ? floats.start : words.start
    return unsafe (0..<count).map { unsafe UnsafePointer(start + $0 * rowPixels * stride(element)) }
  }
}
