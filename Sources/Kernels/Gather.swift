/// Neighbouring pixels of one output row, copied with all that their windows cover into a row panel.
///
/// Packed words to packed words are copied as they are (rectified, where asked). From a packed map to floats, pieces of
/// whole pixels (of `channels` channels each) become contiguous floats.
public struct GatherRun {
  /// For each row of the window, the first pixel's leftmost input.
  public var inputs: UnsafePointer<UnsafePointer<Float>>
  public var inputRows: Int
  /// From one pixel's window to the next.
  public var step: Int
  /// In each input row a window covers `pieces` pieces of `length` floats, `pieceStride` apart.
  public var pieces: Int
  public var pieceStride: Int
  public var length: Int
  /// Whether negative inputs count as zero.
  public var rectifies: Bool
  public var rowPanel: UnsafeMutablePointer<Float>
  /// Where each pixel lies in the panel, and how far apart its segments lie.
  public var slots: UnsafePointer<Int>
  public var segmentStride: Int
  public var pixels: Int
  /// Room for the windows of `tileRows` pixels, each with a vector's excess.
  public var line: UnsafeMutablePointer<Float>
  public var inputElement: MapElement
  /// `bfloat16` only where the input is it.
  public var outputElement: MapElement
  /// The channels of a pixel; asked for where a packed input becomes floats: `length` words are then one pixel.
  public var channels: Int

  public init(
    inputs: UnsafePointer<UnsafePointer<Float>>, inputRows: Int, step: Int, pieces: Int, pieceStride: Int, length: Int,
    rectifies: Bool, rowPanel: UnsafeMutablePointer<Float>, slots: UnsafePointer<Int>, segmentStride: Int, pixels: Int,
    line: UnsafeMutablePointer<Float>, inputElement: MapElement = .float32, outputElement: MapElement = .float32,
    channels: Int = 0
  ) {
    self.inputElement = inputElement
    self.outputElement = outputElement
    self.channels = channels
    self.inputs = inputs
    self.inputRows = inputRows
    self.step = step
    self.pieces = pieces
    self.pieceStride = pieceStride
    self.length = length
    self.rectifies = rectifies
    self.rowPanel = rowPanel
    self.slots = slots
    self.segmentStride = segmentStride
    self.pixels = pixels
    self.line = line
  }
}

extension VectorUnit {
  @inlinable @inline(__always)
  public static func gather(_ run: GatherRun) {
    if run.length % vectorWidth == 0 || run.inputRows &* run.pieces == 1 {
      gatherWhole(run)
    } else {
      gatherUneven(run)
    }
  }

  /// Pieces of whole vectors go straight to their segments.
  @inlinable @inline(__always)
  static func gatherWhole(_ run: GatherRun) {
    let floor = Vector(repeating: run.rectifies ? 0 : -.infinity)
    for pixel in 0..<run.pixels {
      var output = run.rowPanel + run.slots[pixel]
      for row in 0..<run.inputRows {
        for piece in 0..<run.pieces {
          let input = run.inputs[row] + (pixel &* run.step &+ piece &* run.pieceStride)
          for offset in stride(from: 0, to: run.length, by: vectorWidth) {
            store(maximum(floor, load(input + offset)), output)
            output += run.segmentStride
          }
        }
      }
    }
  }

  /// Other pieces are joined in lines first: each is copied in whole vectors, and the next one overwrites the excess. A
  /// tile's lines are written before the first is read, or every read would wait for the writes that it overlaps.
  @inlinable @inline(__always)
  static func gatherUneven(_ run: GatherRun) {
    let floor = Vector(repeating: run.rectifies ? 0 : -.infinity)
    let depth = run.inputRows &* run.pieces &* run.length
    let lineStride = depth &+ vectorWidth
    for first in stride(from: 0, to: run.pixels, by: tileRows) {
      let count = min(tileRows, run.pixels &- first)
      for pixel in 0..<count {
        var end = run.line + pixel &* lineStride
        for row in 0..<run.inputRows {
          for piece in 0..<run.pieces {
            let input = run.inputs[row] + ((first &+ pixel) &* run.step &+ piece &* run.pieceStride)
            for offset in stride(from: 0, to: run.length, by: vectorWidth) { store(load(input + offset), end + offset) }
            end += run.length
          }
        }
      }
      for pixel in 0..<count {
        let line = run.line + pixel &* lineStride
        var output = run.rowPanel + run.slots[first &+ pixel]
        for offset in stride(from: 0, to: depth, by: vectorWidth) {
          store(maximum(floor, load(line + offset)), output)
          output += run.segmentStride
        }
      }
    }
  }
}
