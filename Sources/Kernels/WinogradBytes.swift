/// The first half of Winograd's F(2x2,3x3) convolution with products of bytes: windows of 4 x 4 pixels become as many rows
/// of bytes, each with a scale of its own, as `QuantizeRun` has them.
///
/// Four products of bytes for each pixel take the place of nine; F(4x4,3x3) takes two and a quarter of 16-bit integers, which
/// take twice as long, and its weights four and a half times the memory. The points are 0, 1, -1 and infinity, at which values
/// are sums and differences of two pixels a side. The last is negated, so that it is added to a pixel.
///
/// In the layers of a trained VGG-16 sums have a relative error of 0.010 to 0.019 in the L2 norm; bytes without transforms have
/// one of 0.004 to 0.008, most of which is the weights'.
public struct WinogradBytesInput {
  /// Four input rows at the left column of the first window; neighbouring windows are two pixels apart.
  public var inputs: UnsafePointer<UnsafePointer<Float>>
  public var pixelStride: Int
  public var channels: Int
  public var element: MapElementType
  public var windows: Int
  /// Room for the floats of a window, `[16][lineStride]`, and what `QuantizeRun` may read behind them.
  public var lines: UnsafeMutablePointer<Float>
  public var lineStride: Int
  /// The first window's row of the first point, those of others beside it; how far apart points are, and the segments of a row.
  public var output: UnsafeMutablePointer<Float>
  public var pointStride: Int
  public var segmentStride: Int
  /// Where the scales go, `[window][16]`.
  public var scales: UnsafeMutablePointer<Float>

  public init(
    inputs: UnsafePointer<UnsafePointer<Float>>, pixelStride: Int, channels: Int, element: MapElementType, windows: Int,
    lines: UnsafeMutablePointer<Float>, lineStride: Int, output: UnsafeMutablePointer<Float>, pointStride: Int,
    segmentStride: Int, scales: UnsafeMutablePointer<Float>
  ) {
    self.inputs = inputs
    self.pixelStride = pixelStride
    self.channels = channels
    self.element = element
    self.windows = windows
    self.lines = lines
    self.lineStride = lineStride
    self.output = output
    self.pointStride = pointStride
    self.segmentStride = segmentStride
    self.scales = scales
  }
}

/// The second half: 16 products, transformed back to 2 x 2 pixels, `activation(sums + bias + residual)`.
public struct WinogradBytesOutput {
  /// `panelWidth` sums for each of the 4 x 4 points of each window, and how far apart points and windows are.
  public var sums: UnsafePointer<Float>
  public var pointStride: Int
  public var windowStride: Int
  /// A factor for each point of each window, `[window][16]`, and one for each column of each point, `[16][panelWidth]`.
  public var scales: WinogradScales
  /// `[panelWidth]`
  public var bias: UnsafePointer<Float>
  public var activation: OutputActivation
  /// One or two output rows, at the left column of the first window and the first channel of the panel.
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

  public init(
    sums: UnsafePointer<Float>, pointStride: Int, windowStride: Int, scales: WinogradScales, bias: UnsafePointer<Float>,
    activation: Activation, outputs: UnsafePointer<UnsafeMutablePointer<Float>>,
    residuals: UnsafePointer<UnsafePointer<Float>>? = nil, rows: Int, pixelStride: Int, windows: Int, pixels: Int,
    element: MapElementType
  ) {
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
  }
}

/// The factors of a kernel's three taps at one of the four points.
@inlinable
func winogradBytesTransform(_ point: Int) -> InlineArray<3, Float> {
  switch point {
  case 0: [1, 0, 0]
  case 1: [0.5, 0.5, 0.5]
  case 2: [0.5, -0.5, 0.5]
  default: [0, 0, 1]
  }
}

extension VectorUnit {
  @inlinable @inline(never)
  public static func transformInput(_ run: WinogradBytesInput) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 16) { factors in
      for window in 0..<run.windows { transformWindow(run, window, factors.baseAddress!) }
    }
  }

  /// - Parameter factors: Room for those of the points, in vectors of 16 floats or fewer.
  @inlinable @inline(never)
  static func transformWindow(
    _ run: borrowing WinogradBytesInput, _ window: Int, _ factors: UnsafeMutablePointer<Float>
  ) {
    switch run.element {
    case .float32: transform(run, window, .whole)
    case .bfloat16:
      transform(run, window, .low)
      transform(run, window, .high)
    }
    for point in 0..<16 {
      let bits = largestMagnitude(run.lines + point &* run.lineStride, run.channels)
      factors[point] = Float(bitPattern: UInt32(bitPattern: bits))
    }
    for point in stride(from: 0, to: 16, by: vectorWidth) {
      let (up, down) = Self.factors(of: load(factors + point), limit: 127)
      store(up, factors + point)
      store(down, run.scales + (16 &* window &+ point))
    }
    for point in 0..<16 {
      quantize(
        run.lines + point &* run.lineStride, channels: run.channels, .float32,
        factor: Vector(repeating: factors[point]), run.output + (point &* run.pointStride &+ window &* vectorWidth),
        segmentStride: run.segmentStride, lanes: channelsPerByteWord, shift: rowShift)
    }
  }

  /// The floats of a window, of all its words, of which each part is a vector of channels.
  @inlinable @inline(__always)
  static func transform(_ run: borrowing WinogradBytesInput, _ window: Int, _ part: WordPart) {
    let words = part == .whole ? vectorWidth : panelWidth
    var (offset, lines) = (window &* 2 &* run.pixelStride, run.lines + (part == .high ? vectorWidth : 0))
    for _ in stride(from: 0, to: run.channels, by: words) {
      var rows = InlineArray<4, InlineArray<4, Vector>>(repeating: InlineArray(repeating: .zero))
      for y in 0..<4 {
        let input = run.inputs[y] + offset
        var pixels = InlineArray<4, Vector>(repeating: .zero)
        for x in 0..<4 { pixels[x] = load(part, input + x &* run.pixelStride) }
        rows[y] = bytesTransform(pixels)
      }
      for x in 0..<4 {
        let column = bytesTransform([rows[0][x], rows[1][x], rows[2][x], rows[3][x]])
        for y in 0..<4 { store(column[y], lines + (4 &* y &+ x) &* run.lineStride) }
      }
      offset &+= vectorWidth
      lines += words
    }
  }

  @inlinable @inline(__always)
  static func bytesTransform(_ d: InlineArray<4, Vector>) -> InlineArray<4, Vector> {
    [subtract(d[0], d[2]), add(d[1], d[2]), subtract(d[2], d[1]), subtract(d[3], d[1])]
  }

  @inlinable @inline(never)
  public static func transformOutput(_ run: WinogradBytesOutput) {
    switch run.element {
    case .float32: transformOutput(run, FloatElement<Self>.self)
    case .bfloat16: transformOutput(run, PackedElement<Self>.self)
    }
  }

  @inlinable @inline(__always)
  static func transformOutput<Element: StoredElement>(_ run: WinogradBytesOutput, _: Element.Type)
  where Element.Unit == Self {
    for window in 0..<run.windows {
      let lows = pixels(run, window, column: 0)
      let highs = pixels(run, window, column: vectorWidth)
      finish(lows.0, highs.0, run, window, y: 0, x: 0, Element.self)
      finish(lows.1, highs.1, run, window, y: 0, x: 1, Element.self)
      finish(lows.2, highs.2, run, window, y: 1, x: 0, Element.self)
      finish(lows.3, highs.3, run, window, y: 1, x: 1, Element.self)
    }
  }

  /// Adds the residual to a pixel, activates and stores it, if it is inside the output.
  @inlinable @inline(__always)
  static func finish<Element: StoredElement>(
    _ low: Vector, _ high: Vector, _ run: borrowing WinogradBytesOutput, _ window: Int, y: Int, x: Int,
    _: Element.Type
  ) where Element.Unit == Self {
    guard y < run.rows, 2 &* window &+ x < run.pixels else { return }
    let offset = (2 &* window &+ x) &* run.pixelStride
    var (low, high) = (low, high)
    if let residuals = run.residuals {
      let (lowAdded, highAdded) = Element.load(residuals[y] + offset)
      (low, high) = (add(low, lowAdded), add(high, highAdded))
    }
    if run.activation.isFunction {
      return storeActivated(low, high, run.activation.activation, run.outputs[y] + offset, Element.self)
    }
    let floor = Vector(repeating: run.activation.minimum)
    let ceiling = Vector(repeating: run.activation.maximum)
    Element.store(
      minimum(ceiling, maximum(floor, low)), minimum(ceiling, maximum(floor, high)), run.outputs[y] + offset)
  }

  /// The four pixels of a window with their bias, a vector of columns.
  @inlinable @inline(__always)
  static func pixels(
    _ run: borrowing WinogradBytesOutput, _ window: Int, column: Int
  ) -> (Vector, Vector, Vector, Vector) {
    let sums = run.sums + (window &* run.windowStride &+ column)
    let bias = load(run.bias + column)
    let first = line(run, sums, window, column, 0)
    let second = line(run, sums, window, column, 1)
    let third = line(run, sums, window, column, 2)
    let last = line(run, sums, window, column, 3)
    return (
      add(add(bias, first.0), add(second.0, third.0)), add(add(bias, first.1), add(second.1, third.1)),
      add(add(bias, last.0), subtract(second.0, third.0)), add(add(bias, last.1), subtract(second.1, third.1))
    )
  }

  /// The four points of a line, transformed to two columns.
  @inlinable @inline(__always)
  static func line(
    _ run: borrowing WinogradBytesOutput, _ sums: UnsafePointer<Float>, _ window: Int, _ column: Int, _ y: Int
  ) -> (Vector, Vector) {
    let scales = run.scales.windows + (16 &* window &+ 4 &* y)
    @inline(__always)
    func point(_ x: Int) -> Vector {
      let sum = unsafeBitCast(load(sums + (4 &* y &+ x) &* run.pointStride), to: Integers.self)
      return multiply(floats(sum), load(run.scales.columns + ((4 &* y &+ x) &* panelWidth &+ column)))
    }
    let a = multiply(point(1), Vector(repeating: scales[1]))
    let b = multiply(point(2), Vector(repeating: scales[2]))
    var columns = (add(a, b), subtract(a, b))
    multiplyAdd(&columns.0, point(0), Vector(repeating: scales[0]))
    multiplyAdd(&columns.1, point(3), Vector(repeating: scales[3]))
    return columns
  }

  /// A pixel by way of memory, where its activation is applied.
  @inlinable @inline(never)
  static func storeActivated<Element: StoredElement>(
    _ low: Vector, _ high: Vector, _ activation: Activation, _ output: UnsafeMutablePointer<Float>, _: Element.Type
  ) where Element.Unit == Self {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: panelWidth) { floats in
      let floats = floats.baseAddress!
      FloatElement<Self>.store(low, high, floats)
      activate(ElementwiseRun(input: floats, output: floats, count: panelWidth), activation)
      let (low, high) = FloatElement<Self>.load(floats)
      Element.store(low, high, output)
    }
  }
}
