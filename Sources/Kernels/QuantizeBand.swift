/// Rows of packed pixels that become bytes with one scale for all: what windows that overlap are copied from, so that a pixel
/// becomes bytes once for the windows of many outputs.
///
/// The bytes are in the order that `QuantizeRun` gives a row of one pixel's channels; the pixels follow each other, each in
/// `KernelSet.byteWords` words. Up to a vector behind the last one is written too.
public struct BandRun {
  /// The first pixel of each row.
  public var inputs: UnsafePointer<UnsafePointer<Float>>
  public var rows: Int
  /// Of each row.
  public var pixels: Int
  public var pixelStride: Int
  public var channels: Int
  /// `[row][pixel][byteWords]`
  public var bytes: UnsafeMutablePointer<Float>
  /// Whether no value is below zero: the largest becomes `KernelSet.positiveLimit` then, and nothing is added.
  public var isPositive: Bool

  public init(
    inputs: UnsafePointer<UnsafePointer<Float>>, rows: Int, pixels: Int, pixelStride: Int, channels: Int,
    bytes: UnsafeMutablePointer<Float>, isPositive: Bool
  ) {
    self.inputs = inputs
    self.rows = rows
    self.pixels = pixels
    self.pixelStride = pixelStride
    self.channels = channels
    self.bytes = bytes
    self.isPositive = isPositive
  }
}

extension VectorUnit {
  /// - Returns: The scale.
  @inlinable @inline(never)
  public static func quantize(_ band: BandRun) -> Float {
    let top = Float(bitPattern: UInt32(bitPattern: largestMagnitude(band)))
    let (up, down) = factors(of: Vector(repeating: top), limit: band.isPositive ? positiveLimit : 127)
    let words = byteWords(of: band.channels)
    var bytes = band.bytes
    for row in 0..<band.rows {
      var input = band.inputs[row]
      for _ in 0..<band.pixels {
        quantize(
          input, channels: band.channels, .bfloat16, factor: up, bytes, segmentStride: vectorWidth,
          lanes: channelsPerByteWord, shift: band.isPositive ? 0 : rowShift)
        input += band.pixelStride
        bytes += words
      }
    }
    return down[0]
  }

  /// The bits of the largest magnitude of all pixels. What the padding of their channels holds does not count.
  @inlinable @inline(__always)
  static func largestMagnitude(_ band: BandRun) -> Int32 {
    let last = (band.channels &- 1) / panelWidth &* vectorWidth
    let left = band.channels &- 2 &* last
    var mask = Integers.zero
    for word in 0..<vectorWidth {
      mask[word] = (word < left ? 0x7fff : 0) | (word &+ vectorWidth < left ? 0x7fff_0000 : 0)
    }
    var tops = Integers.zero
    for row in 0..<band.rows {
      var input = band.inputs[row]
      for _ in 0..<band.pixels {
        for offset in stride(from: 0, to: last, by: vectorWidth) {
          let words = unsafeBitCast(load(input + offset), to: Integers.self)
          tops = maximumShorts(tops, words & Integers(repeating: 0x7fff_7fff))
        }
        tops = maximumShorts(tops, unsafeBitCast(load(input + last), to: Integers.self) & mask)
        input += band.pixelStride
      }
    }
    return largest(maximum(tops & Integers(repeating: 0x7fff_0000), tops &<< Integers(repeating: 16)))
  }
}
