/// Neighbouring pixels of one output row: everything that their windows cover is copied into a row panel.
///
/// Packed words are copied to packed words unchanged (rectified, where asked). From a packed map to floats, each piece
/// is one pixel, whose `channels` channels come in order. With `segmentStride == vectorWidth` the pixels' windows
/// become lines of contiguous floats; what follows the end of a line, up to a whole vector, is finite.
public struct GatherRun {
  /// For each row of the window, the leftmost input of the first pixel.
  public var inputs: UnsafePointer<UnsafePointer<Float>>
  public var inputRows: Int
  /// From one pixel's window to the next.
  public var step: Int
  /// In each input row a window covers `pieces` pieces of `length` floats, `pieceStride` apart.
  public var pieces: Int
  public var pieceStride: Int
  public var length: Int
  /// Applied to the values that are copied: `identity` or `relu`.
  public var inputActivation: Activation
  public var rowPanel: UnsafeMutablePointer<Float>
  /// Where each pixel goes in the panel, and how far apart its segments are.
  public var slots: UnsafePointer<Int>
  public var segmentStride: Int
  public var pixels: Int
  /// Room for the windows of `tileRows` pixels, each with up to a vector more.
  public var line: UnsafeMutablePointer<Float>
  public var inputElement: MapElementType
  /// `bfloat16` only where the input is `bfloat16` too.
  public var outputElement: MapElementType
  /// The channels of a pixel, where a packed input becomes floats; `length` words are one pixel then.
  public var channels: Int
  /// What each channel of a pixel is multiplied by, for windows of 1 x 1 over floats that are not rectified, or nil.
  public var scale: UnsafePointer<Float>?
  /// For windows of 1 x 1 over packed words that stay packed, whose last vector is stored closer together: see
  /// `DepthwiseRun.tailWords`.
  public var tailWords: Int

  public init(
    inputs: UnsafePointer<UnsafePointer<Float>>, inputRows: Int, step: Int, pieces: Int, pieceStride: Int, length: Int,
    inputActivation: Activation, rowPanel: UnsafeMutablePointer<Float>, slots: UnsafePointer<Int>, segmentStride: Int,
    pixels: Int,
    line: UnsafeMutablePointer<Float>, inputElement: MapElementType = .float32,
    outputElement: MapElementType = .float32,
    channels: Int = 0, scale: UnsafePointer<Float>? = nil, tailWords: Int = 0
  ) {
    self.tailWords = tailWords
    self.scale = scale
    self.inputElement = inputElement
    self.outputElement = outputElement
    self.channels = channels
    self.inputs = inputs
    self.inputRows = inputRows
    self.step = step
    self.pieces = pieces
    self.pieceStride = pieceStride
    self.length = length
    self.inputActivation = inputActivation
    self.rowPanel = rowPanel
    self.slots = slots
    self.segmentStride = segmentStride
    self.pixels = pixels
    self.line = line
  }
}

extension VectorUnit {
  @inlinable @inline(never)
  public static func gather(_ run: GatherRun) {
    if let scale = run.scale { return gatherScaled(run, scale) }
    switch (run.inputElement, run.outputElement) {
    case (.float32, _): gather(run, .float32, values: run.length) { maximum($1, $0) }
    case (.bfloat16, .float32): gather(run, .bfloat16, values: run.channels) { maximum($1, $0) }
    case (.bfloat16, .bfloat16):
      let words = run.tailWords > 0 ? run.length &- vectorWidth : run.length
      if run.inputActivation.rectifies {
        // A closure of its own was called for each vector.
        @inline(__always)
        func activate(_ words: Vector, _ floor: Vector) -> Vector { rectified(words, .bfloat16) }
        gather(run, .float32, values: words, activate: activate)
      } else {
        gather(run, .float32, values: words) { words, _ in words }
      }
      if run.tailWords > 0 { gatherTails(run) }
    }
  }

  /// The last vector of each pixel, of whose channels the ones in high halves move to lower words.
  @inlinable @inline(__always)
  static func gatherTails(_ run: GatherRun) {
    let floor = Vector(repeating: run.inputActivation.rectifies ? 0 : -.infinity)
    let order = wordOrder(run.tailWords)
    let last = run.length &- vectorWidth
    let output = run.rowPanel + last / vectorWidth &* run.segmentStride
    var input = run.inputs[0] + last
    for pixel in 0..<run.pixels {
      let words = packed(maximum(floor, load(.low, input)), maximum(floor, load(.high, input)), order: order)
      store(words, output + run.slots[pixel])
      input += run.step
    }
  }

  @inlinable @inline(__always)
  static func gatherScaled(_ run: GatherRun, _ scale: UnsafePointer<Float>) {
    var output = run.rowPanel
    for offset in stride(from: 0, to: run.length, by: vectorWidth) {
      let scale = load(scale + offset)
      var input = run.inputs[0] + offset
      for pixel in 0..<run.pixels {
        store(load(input) * scale, output + run.slots[pixel])
        input += run.step
      }
      output += run.segmentStride
    }
  }

  /// - Parameters:
  ///   - element: What a word becomes: one value of the output, or two.
  ///   - values: How many values a piece gives.
  ///   - activate: Called with a vector of the output, and the least value that it may have.
  @inlinable @inline(__always)
  static func gather(
    _ run: GatherRun, _ element: MapElementType, values: Int, activate: (_ vector: Vector, _ floor: Vector) -> Vector
  ) {
    if values % vectorWidth == 0 || run.inputRows &* run.pieces == 1 {
      gatherWhole(run, element, values: values, activate: activate)
    } else {
      gatherUneven(run, element, values: values, activate: activate)
    }
  }

  /// Pieces of whole vectors go straight to their segments. Those of one short piece go vector by vector for all pixels:
  /// pixel by pixel, as long ones go in the order of memory, a loop of one or two turns for each took four times as long.
  @inlinable @inline(__always)
  static func gatherWhole(
    _ run: GatherRun, _ element: MapElementType, values: Int, activate: (_ vector: Vector, _ floor: Vector) -> Vector
  ) {
    let floor = Vector(repeating: run.inputActivation.rectifies ? 0 : -.infinity)
    if run.inputRows &* run.pieces == 1, values <= 8 &* vectorWidth {
      var output = run.rowPanel
      forEachVector(of: values, element) { offset, part in
        var input = run.inputs[0] + offset
        for pixel in 0..<run.pixels {
          store(activate(load(part, input), floor), output + run.slots[pixel])
          input += run.step
        }
        output += run.segmentStride
      }
      return
    }
    for pixel in 0..<run.pixels {
      var output = run.rowPanel + run.slots[pixel]
      for row in 0..<run.inputRows {
        for piece in 0..<run.pieces {
          let input = run.inputs[row] + (pixel &* run.step &+ piece &* run.pieceStride)
          forEachVector(of: values, element) { offset, part in
            store(activate(load(part, input + offset), floor), output)
            output += run.segmentStride
          }
        }
      }
    }
  }

  /// Other pieces are joined to lines first: each is copied in whole vectors, and the next one overwrites the excess. A
  /// tile's lines are all written before the first is read, as each read would otherwise wait for the writes that it
  /// overlaps.
  @inlinable @inline(__always)
  static func gatherUneven(
    _ run: GatherRun, _ element: MapElementType, values: Int, activate: (_ vector: Vector, _ floor: Vector) -> Vector
  ) {
    let floor = Vector(repeating: run.inputActivation.rectifies ? 0 : -.infinity)
    let depth = run.inputRows &* run.pieces &* values
    let lineStride = depth &+ vectorWidth
    for first in stride(from: 0, to: run.pixels, by: tileRows) {
      let count = min(tileRows, run.pixels &- first)
      if run.pieces == 1 && element == .float32 && values <= vectorWidth {
        // As in a convolution of an image, whose windows have three floats or four for each pixel of a row.
        for row in 0..<run.inputRows {
          var (input, end) = (run.inputs[row] + first &* run.step, run.line + row &* values)
          for _ in 0..<count {
            store(load(input), end)
            input += run.step
            end += lineStride
          }
        }
      } else {
        gatherLines(run, element, values: values, lineStride: lineStride, pixels: first..<first &+ count)
      }
      for pixel in 0..<count {
        let line = run.line + pixel &* lineStride
        var output = run.rowPanel + run.slots[first &+ pixel]
        for offset in stride(from: 0, to: depth, by: vectorWidth) {
          store(activate(load(line + offset), floor), output)
          output += run.segmentStride
        }
      }
    }
  }

  /// Joins the pieces of some pixels to lines.
  @inlinable @inline(__always)
  static func gatherLines(
    _ run: GatherRun, _ element: MapElementType, values: Int, lineStride: Int, pixels: Range<Int>
  ) {
    for pixel in pixels {
      var end = run.line + (pixel &- pixels.lowerBound) &* lineStride
      for row in 0..<run.inputRows {
        for piece in 0..<run.pieces {
          let input = run.inputs[row] + (pixel &* run.step &+ piece &* run.pieceStride)
          var output = end
          forEachVector(of: values, element) { offset, part in
            store(load(part, input + offset), output)
            output += vectorWidth
          }
          end += values
        }
      }
    }
  }
}

extension Activation {
  /// Whether a kernel that reads through it replaces negative values by zero; otherwise it takes them unchanged.
  @inlinable
  var rectifies: Bool { if case .relu = self { true } else { false } }
}
