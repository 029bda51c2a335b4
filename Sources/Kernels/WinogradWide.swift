import CIntrinsics

/// The first half of Winograd's F(4x4,5x5) and F(6x6,3x3): windows of 8 x 8 pixels are transformed to as many points, floats or
/// integers of 16 bits.
///
/// All integers of a window share one scale: its largest value at any point becomes `KernelSet.winogradLimit`. So values go to
/// memory first, which 64 vectors do anyway; with the scale that `WinogradIntegers` knows before, the error would be five times as
/// large. It is 0.0014 to 0.0029 for up to 80 channels, where that of bf16 is 0.0017, and 0.0044 for 128.
public struct WinogradWideInput {
  /// Eight input rows at the left column of the first window.
  public var inputs: UnsafePointer<UnsafePointer<Float>>
  public var pixelStride: Int
  /// From one window to the next.
  public var step: Int
  public var channels: Int
  public var element: MapElementType
  public var windows: Int
  /// Room for a window of 64 vectors and, where it becomes integers, behind them for a line of floats for each point, `lineStride`
  /// apart, and what `QuantizeRun` may read behind the last one.
  public var memory: UnsafeMutablePointer<Float>
  public var lineStride: Int
  /// The first window's row of the first point, those of others beside it; how far apart points are, and the segments of a row.
  public var output: UnsafeMutablePointer<Float>
  public var pointStride: Int
  public var segmentStride: Int
  /// Where the scales of integers go, one for each window; nil for floats.
  public var scales: UnsafeMutablePointer<Float>?

  public init(
    inputs: UnsafePointer<UnsafePointer<Float>>, pixelStride: Int, step: Int, channels: Int, element: MapElementType,
    windows: Int, memory: UnsafeMutablePointer<Float>, lineStride: Int, output: UnsafeMutablePointer<Float>,
    pointStride: Int, segmentStride: Int, scales: UnsafeMutablePointer<Float>?
  ) {
    self.inputs = inputs
    self.pixelStride = pixelStride
    self.step = step
    self.channels = channels
    self.element = element
    self.windows = windows
    self.memory = memory
    self.lineStride = lineStride
    self.output = output
    self.pointStride = pointStride
    self.segmentStride = segmentStride
    self.scales = scales
  }
}

/// The second half: 64 products, transformed back to 4 x 4 or 6 x 6 pixels, `activation(sums + bias + residual)`.
public struct WinogradWideOutput {
  /// The pixels of a window's side: 4 or 6.
  public var side: Int
  /// `panelWidth` sums for each of the 8 x 8 points of each window, and how far apart points and windows are.
  public var sums: UnsafePointer<Float>
  public var pointStride: Int
  public var windowStride: Int
  /// Where the sums are integers.
  public var scales: WinogradScales?
  /// `[panelWidth]`
  public var bias: UnsafePointer<Float>
  public var activation: OutputActivation
  /// Up to `side` output rows, at the left column of the first window and the first channel of the panel.
  public var outputs: UnsafePointer<UnsafeMutablePointer<Float>>
  /// The rows that are added, like the outputs, or nil.
  public var residuals: UnsafePointer<UnsafePointer<Float>>?
  public var rows: Int
  public var pixelStride: Int
  public var windows: Int
  /// The pixels from the left column of the first window to the end of the row; the last window may reach beyond it.
  public var pixels: Int
  /// The element type of the output.
  public var element: MapElementType
  /// Room for `memoryVectors` vectors.
  public var memory: UnsafeMutablePointer<Float>

  /// Lines of 6 x 8 points, and two vectors of each pixel.
  public static var memoryVectors: Int { 48 + 2 * 36 }

  public init(
    side: Int, sums: UnsafePointer<Float>, pointStride: Int, windowStride: Int, scales: WinogradScales?,
    bias: UnsafePointer<Float>, activation: Activation, outputs: UnsafePointer<UnsafeMutablePointer<Float>>,
    residuals: UnsafePointer<UnsafePointer<Float>>? = nil, rows: Int, pixelStride: Int, windows: Int, pixels: Int,
    element: MapElementType, memory: UnsafeMutablePointer<Float>
  ) {
    self.side = side
    self.sums = sums
    self.pointStride = pointStride
    self.windowStride = windowStride
    self.scales = scales
    self.bias = bias
    self.activation = OutputActivation(activation)
    self.outputs = outputs
    self.residuals = residuals
    self.rows = rows
    self.pixelStride = pixelStride
    self.windows = windows
    self.pixels = pixels
    self.element = element
    self.memory = memory
  }
}

extension VectorUnit {
  @inlinable @inline(never)
  public static func transformInput(_ run: WinogradWideInput) {
    for window in 0..<run.windows {
      let output = run.output + window &* vectorWidth
      guard let scales = run.scales else {
        _ = transform(run, window, to: output, pointStride: run.pointStride, vectorStride: run.segmentStride)
        continue
      }
      var line = run.memory + 64 &* vectorWidth
      let tops = transform(run, window, to: line, pointStride: run.lineStride, vectorStride: vectorWidth)
      let (up, down) = factors(
        of: Vector(repeating: Float(bitPattern: UInt32(bitPattern: largest(tops)))),
        limit: Float(winogradLimit(channels: run.channels)))
      scales[window] = down[0]
      var row = output
      for _ in 0..<64 {
        quantize(
          line, channels: run.channels, .float32, factor: up, row, segmentStride: run.segmentStride, lanes: 2, shift: 0)
        line += run.lineStride
        row += run.pointStride
      }
    }
  }

  /// The points of all channels of a window.
  ///
  /// - Returns: The bits of the largest magnitudes.
  @inlinable @inline(__always)
  static func transform(
    _ run: borrowing WinogradWideInput, _ window: Int, to output: UnsafeMutablePointer<Float>, pointStride: Int,
    vectorStride: Int
  ) -> Integers {
    var tops = Integers.zero
    var (offset, output) = (window &* run.step, output)
    switch run.element {
    case .float32:
      for _ in stride(from: 0, to: run.channels, by: vectorWidth) {
        tops = maximum(tops, transformWhole(run, offset, to: output, pointStride))
        output += vectorStride
        offset &+= vectorWidth
      }
    case .bfloat16:
      for first in stride(from: 0, to: run.channels, by: panelWidth) {
        tops = maximum(tops, transformLow(run, offset, to: output, pointStride))
        guard first &+ vectorWidth < run.channels else { break }
        output += vectorStride
        tops = maximum(tops, transformHigh(run, offset, to: output, pointStride))
        output += vectorStride
        offset &+= vectorWidth
      }
    }
    return tops
  }

  @inlinable @inline(never)
  static func transformWhole(
    _ run: borrowing WinogradWideInput, _ offset: Int, to output: UnsafeMutablePointer<Float>, _ pointStride: Int
  ) -> Integers { transform(run, offset, .whole, to: output, pointStride) }

  @inlinable @inline(never)
  static func transformLow(
    _ run: borrowing WinogradWideInput, _ offset: Int, to output: UnsafeMutablePointer<Float>, _ pointStride: Int
  ) -> Integers { transform(run, offset, .low, to: output, pointStride) }

  @inlinable @inline(never)
  static func transformHigh(
    _ run: borrowing WinogradWideInput, _ offset: Int, to output: UnsafeMutablePointer<Float>, _ pointStride: Int
  ) -> Integers { transform(run, offset, .high, to: output, pointStride) }

  /// The points of a vector of channels: rows first, by way of memory, column by column.
  @inlinable @inline(__always)
  static func transform(
    _ run: borrowing WinogradWideInput, _ offset: Int, _ part: WordPart, to output: UnsafeMutablePointer<Float>,
    _ pointStride: Int
  ) -> Integers {
    for y in 0..<8 {
      var pixels = InlineArray<8, Vector>(repeating: .zero)
      var input = run.inputs[y] + offset
      for x in 0..<8 {
        pixels[x] = load(part, input)
        input += run.pixelStride
      }
      // The window beside this one shares two or four pixels of each row.
      if part != .high {
        for _ in 0..<6 {
          prefetch(input)
          input += run.pixelStride
        }
      }
      let line = lineTransform(pixels)
      for x in 0..<8 { store(line[x], run.memory + (8 &* x &+ y) &* vectorWidth) }
    }
    var tops = Integers.zero
    var column = output
    for x in 0..<8 {
      var line = InlineArray<8, Vector>(repeating: .zero)
      for y in 0..<8 { line[y] = load(run.memory + (8 &* x &+ y) &* vectorWidth) }
      line = lineTransform(line)
      for y in 0..<8 {
        tops = maximum(tops, unsafeBitCast(line[y], to: Integers.self) & Integers(repeating: 0x7fff_ffff))
        store(line[y], column + 8 &* y &* pointStride)
      }
      column += pointStride
    }
    return tops
  }

  @inlinable @inline(never)
  public static func transformOutput(_ run: WinogradWideOutput) {
    prefetchOutput(run, window: 0)
    for window in 0..<run.windows {
      prefetchOutput(run, window: window &+ 1)
      for column in stride(from: 0, to: panelWidth, by: vectorWidth) {
        if run.side == 4 { transformFour(run, window, column) } else { transformSix(run, window, column) }
      }
      switch run.element {
      case .float32: finish(run, window, FloatElement<Self>.self)
      case .bfloat16: finish(run, window, PackedElement<Self>.self)
      }
    }
  }

  /// Fetches the lines that a window will write, and those that it adds, while the one before is transformed.
  @inlinable @inline(__always)
  static func prefetchOutput(_ run: borrowing WinogradWideOutput, window: Int) {
    guard window < run.windows else { return }
    // A line of a cache has 16 words.
    let isWide = (run.element == .bfloat16 ? vectorWidth : panelWidth) > 16
    for y in 0..<run.rows {
      for x in 0..<min(run.pixels &- window &* run.side, run.side) {
        let offset = (window &* run.side &+ x) &* run.pixelStride
        prefetch_to_write(run.outputs[y] + offset)
        if isWide { prefetch_to_write(run.outputs[y] + (offset &+ 16)) }
        if let residuals = run.residuals {
          prefetch(residuals[y] + offset)
          if isWide { prefetch(residuals[y] + (offset &+ 16)) }
        }
      }
    }
  }

  @inlinable @inline(never)
  static func transformFour(_ run: borrowing WinogradWideOutput, _ window: Int, _ column: Int) {
    transform(run, window, column, side: 4)
  }

  @inlinable @inline(never)
  static func transformSix(_ run: borrowing WinogradWideOutput, _ window: Int, _ column: Int) {
    transform(run, window, column, side: 6)
  }

  /// A vector of columns of a window: its pixels with their bias go to memory, `[side][side][panelWidth]`.
  @inlinable @inline(__always)
  static func transform(_ run: borrowing WinogradWideOutput, _ window: Int, _ column: Int, side: Int) {
    var point = run.sums + (window &* run.windowStride &+ column)
    var scale = run.scales.map { $0.columns + column }
    for y in 0..<8 {
      var points = InlineArray<8, Vector>(repeating: .zero)
      for x in 0..<8 {
        points[x] = load(point)
        point += run.pointStride
        guard let factors = scale else { continue }
        points[x] = multiply(floats(unsafeBitCast(points[x], to: Integers.self)), load(factors))
        scale = factors + panelWidth
      }
      let line = wideTransform(points, side: side)
      for x in 0..<side { store(line[x], run.memory + (8 &* x &+ y) &* vectorWidth) }
    }
    let bias = load(run.bias + column)
    let factor = Vector(repeating: run.scales.map { $0.windows[window] } ?? 1)
    let pixels = run.memory + (8 &* 6 &* vectorWidth &+ column)
    for x in 0..<side {
      var line = InlineArray<8, Vector>(repeating: .zero)
      for y in 0..<8 { line[y] = load(run.memory + (8 &* x &+ y) &* vectorWidth) }
      let values = wideTransform(line, side: side)
      for y in 0..<side {
        var value = bias
        multiplyAdd(&value, values[y], factor)
        store(value, pixels + (side &* y &+ x) &* panelWidth)
      }
    }
  }

  /// Adds the residuals to a window's pixels, activates and stores those that are inside the output.
  @inlinable @inline(__always)
  static func finish<Element: StoredElement>(_ run: borrowing WinogradWideOutput, _ window: Int, _: Element.Type)
  where Element.Unit == Self {
    let pixels = run.memory + 8 &* 6 &* vectorWidth
    let count = min(run.pixels &- window &* run.side, run.side)
    for y in 0..<run.rows {
      for x in 0..<count {
        var (low, high) = FloatElement<Self>.load(pixels + (run.side &* y &+ x) &* panelWidth)
        let offset = (window &* run.side &+ x) &* run.pixelStride
        if let residuals = run.residuals {
          let (lowAdded, highAdded) = Element.load(residuals[y] + offset)
          (low, high) = (add(low, lowAdded), add(high, highAdded))
        }
        let output = run.outputs[y] + offset
        if run.activation.isFunction {
          storeActivated(low, high, run.activation.activation, output, Element.self)
        } else {
          Element.store(limited(low, run.activation), limited(high, run.activation), output)
        }
      }
    }
  }

  /// The pixels of a line of points 0, +-1/2, +-1, +-2 and infinity, of which the last pixel has the latter: 4, or 6.
  @inlinable @inline(__always)
  static func wideTransform(_ m: InlineArray<8, Vector>, side: Int) -> InlineArray<6, Vector> {
    let (a, b) = (add(m[1], m[2]), subtract(m[1], m[2]))
    let (c, d) = (add(m[3], m[4]), subtract(m[3], m[4]))
    let (e, f) = (add(m[5], m[6]), subtract(m[5], m[6]))
    let last = add(m[7], d)
    return [
      add(add(m[0], a), add(c, e)), wholeSum(wholeSum(d, 0.5, b), 2, f), wholeSum(wholeSum(c, 0.25, a), 4, e),
      wholeSum(wholeSum(side == 4 ? last : d, 0.125, b), 8, f), wholeSum(wholeSum(c, 0.0625, a), 16, e),
      wholeSum(wholeSum(last, 0.03125, b), 32, f),
    ]
  }
}
