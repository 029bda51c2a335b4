/// Rows of floats, turned into a row panel of integers with a scale for each row.
///
/// A row of `channels` values lies in segments of `channelsPerByteWord * vectorWidth` channels: lane l of word j holds channel
/// `l * vectorWidth + j` of its segment. The last segment of r channels has `w = ceil(r / channelsPerByteWord)` words, and
/// lane l of word j holds channel `l * w + j`. Lanes beyond the channels may hold anything: their weights are zero.
public struct QuantizeRun {
  /// `[row][lineStride]`, with readable finite values for `channelsPerByteWord * vectorWidth` floats behind a row's end.
  public var lines: UnsafePointer<Float>
  public var lineStride: Int
  public var rows: Int
  public var channels: Int
  public var rowPanel: UnsafeMutablePointer<Float>
  /// Where each row lies in the panel, and how far apart its segments lie.
  public var slots: UnsafePointer<Int>
  public var segmentStride: Int
  /// Where each row's scale goes: `scaleSlots[row]` from the panel on.
  public var scaleSlots: UnsafePointer<Int>

  public init(
    lines: UnsafePointer<Float>, lineStride: Int, rows: Int, channels: Int, rowPanel: UnsafeMutablePointer<Float>,
    slots: UnsafePointer<Int>, segmentStride: Int, scaleSlots: UnsafePointer<Int>
  ) {
    self.lines = lines
    self.lineStride = lineStride
    self.rows = rows
    self.channels = channels
    self.rowPanel = rowPanel
    self.slots = slots
    self.segmentStride = segmentStride
    self.scaleSlots = scaleSlots
  }
}

extension VectorUnit {
  public static func quantize(_ run: QuantizeRun) { preconditionFailure() }
}
