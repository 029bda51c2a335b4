import CIntrinsics

/// The first half of Winograd's F(4x4,3x3) convolution (Lavin and Gray 2015): windows of 6 x 6 pixels are transformed
/// to as many points.
public struct WinogradInput {
  /// Six input rows at the left column of the first window; neighbouring windows are four pixels apart.
  public var inputs: UnsafePointer<UnsafePointer<Float>>
  public var pixelStride: Int
  public var vectors: Int
  public var windows: Int
  /// Where the values of the first window go, a vector of channels at a time, and how far apart the 6 x 6 points, the
  /// windows and the vectors are: in 36 row panels, each with one row for a window, or in lines to be quantized.
  public var output: UnsafeMutablePointer<Float>
  public var pointStride: Int
  public var windowStride: Int
  public var vectorStride: Int
  /// The element type of the input; `vectors` counts vectors of channels.
  public var element: MapElementType

  public init(
    inputs: UnsafePointer<UnsafePointer<Float>>, pixelStride: Int, vectors: Int, windows: Int,
    output: UnsafeMutablePointer<Float>, pointStride: Int, windowStride: Int, vectorStride: Int,
    element: MapElementType = .float32
  ) {
    self.element = element
    self.inputs = inputs
    self.pixelStride = pixelStride
    self.vectors = vectors
    self.windows = windows
    self.output = output
    self.pointStride = pointStride
    self.windowStride = windowStride
    self.vectorStride = vectorStride
  }
}

/// The second half: 36 products, transformed back to 4 x 4 pixels, `activation(sums + bias + residual)`.
public struct WinogradOutput {
  /// `panelWidth` sums for each of the 6 x 6 points of each window, and how far apart points and windows are.
  public var sums: UnsafePointer<Float>
  public var pointStride: Int
  public var windowStride: Int
  /// `[panelWidth]`
  public var bias: UnsafePointer<Float>
  public var activation: OutputActivation
  /// Up to four output rows, at the left column of the first window and the first channel of the panel.
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
  /// Where the sums are integers.
  public var scales: WinogradScales?

  public init(
    sums: UnsafePointer<Float>, pointStride: Int, windowStride: Int, bias: UnsafePointer<Float>,
    activation: Activation, outputs: UnsafePointer<UnsafeMutablePointer<Float>>,
    residuals: UnsafePointer<UnsafePointer<Float>>? = nil, rows: Int, pixelStride: Int, windows: Int,
    pixels: Int, element: MapElementType = .float32, scales: WinogradScales? = nil
  ) {
    self.element = element
    self.scales = scales
    self.residuals = residuals
    self.pointStride = pointStride
    self.windowStride = windowStride
    self.sums = sums
    self.bias = bias
    self.activation = OutputActivation(activation)
    self.outputs = outputs
    self.rows = rows
    self.pixelStride = pixelStride
    self.windows = windows
    self.pixels = pixels
  }
}

/// The points at which windows and kernels are evaluated: 0, +-`inner`, +-`outer` and infinity. Their powers up to the
/// fourth are exact in a float.
///
/// With 1 and 2 instead, sums over 128 channels were 1.9e-6 (root mean square) away from the exact ones, with these
/// 0.8e-6; plain sums were at 0.4e-6. The rest comes from the sums in the products; see Barabasz et al. 2020, "Error
/// Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks".
@usableFromInline
enum WinogradPoints {
  @inlinable static var inner: Float { 5 / 8 }
  @inlinable static var outer: Float { 3 / 2 }
  @inlinable static var innerSquare: Float { inner * inner }
  @inlinable static var outerSquare: Float { outer * outer }
}

extension VectorUnit {
  @inlinable @inline(never)
  public static func transformInput(_ tile: WinogradInput) {
    for window in 0..<tile.windows {
      switch tile.element {
      case .float32: for vector in 0..<tile.vectors { transformInput(tile, window, vector, .whole) }
      case .bfloat16:
        for vector in 0..<tile.vectors {
          if vector % 2 == 0 {
            transformInput(tile, window, vector, .low)
          } else {
            transformInput(tile, window, vector, .high)
          }
        }
      }
    }
  }

  @inlinable @inline(__always)
  static func transformInput(_ tile: WinogradInput, _ window: Int, _ vector: Int, _ part: WordPart) {
    let words = part == .whole ? vector : vector / 2
    let offset = window &* 4 &* tile.pixelStride &+ words &* vectorWidth
    var rows = InlineArray<6, InlineArray<6, Vector>>(repeating: InlineArray(repeating: .zero))
    for y in 0..<6 {
      var line = InlineArray<6, Vector>(repeating: .zero)
      let input = tile.inputs[y] + offset
      for x in 0..<6 { line[x] = load(part, input + x &* tile.pixelStride) }
      // The window beside this one shares two pixels of each row.
      if part != .high { for x in 6..<10 { prefetch(input + x &* tile.pixelStride) } }
      rows[y] = inputTransform(line)
    }
    let output = tile.output + (vector &* tile.vectorStride &+ window &* tile.windowStride)
    let rowStride = 6 &* tile.pointStride
    for x in 0..<6 {
      var line = InlineArray<6, Vector>(repeating: .zero)
      for y in 0..<6 { line[y] = rows[y][x] }
      line = inputTransform(line)
      let column = output + x &* tile.pointStride
      for y in 0..<6 { store(line[y], column + y &* rowStride) }
    }
  }

  @inlinable @inline(never)
  public static func transformOutput(_ tile: WinogradOutput) {
    if tile.activation.isFunction { return transformOutputInMemory(tile) }
    prefetchOutput(tile, window: 0)
    for window in 0..<tile.windows {
      prefetchOutput(tile, window: window &+ 1)
      switch tile.element {
      case .float32: transformOutput(tile, window, FloatElement<Self>.self)
      case .bfloat16: transformOutput(tile, window, PackedElement<Self>.self)
      }
    }
  }

  /// Fetches the lines that a window will write, and those that it adds, while the one before is transformed.
  @inlinable @inline(__always)
  static func prefetchOutput(_ tile: WinogradOutput, window: Int) {
    guard window < tile.windows else { return }
    // A line of a cache has 16 words.
    let isWide = (tile.element == .bfloat16 ? vectorWidth : panelWidth) > 16
    let count = min(tile.pixels &- window &* 4, 4)
    for y in 0..<4 where y < tile.rows {
      for x in 0..<4 where x < count {
        let offset = (window &* 4 &+ x) &* tile.pixelStride
        prefetch_to_write(tile.outputs[y] + offset)
        if isWide { prefetch_to_write(tile.outputs[y] + (offset &+ 16)) }
        if let residuals = tile.residuals {
          prefetch(residuals[y] + offset)
          if isWide { prefetch(residuals[y] + (offset &+ 16)) }
        }
      }
    }
  }

  /// The same by way of memory, where the activation is applied.
  @inlinable @inline(never)
  static func transformOutputInMemory(_ tile: WinogradOutput) {
    // The widest panel of all instruction sets: 16 pixels of 32 channels.
    var memory = InlineArray<512, Float>(repeating: 0)
    withUnsafeMutablePointer(to: &memory) { memory in
      let floats = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Float.self)
      for window in 0..<tile.windows {
        switch tile.element {
        case .float32:
          forEachPixel(tile, window, FloatElement<Self>.self) { x, y, low, high in
            FloatElement<Self>.store(low, high, floats + (y &* 4 &+ x) &* panelWidth)
          }
        case .bfloat16:
          forEachPixel(tile, window, PackedElement<Self>.self) { x, y, low, high in
            FloatElement<Self>.store(low, high, floats + (y &* 4 &+ x) &* panelWidth)
          }
        }
        activate(ElementwiseRun(input: floats, output: floats, count: 16 &* panelWidth), tile.activation.activation)
        for y in 0..<tile.rows {
          for x in 0..<min(tile.pixels &- window &* 4, 4) {
            let (low, high) = FloatElement<Self>.load(floats + (y &* 4 &+ x) &* panelWidth)
            let output = tile.outputs[y] + (window &* 4 &+ x) &* tile.pixelStride
            switch tile.element {
            case .float32: FloatElement<Self>.store(low, high, output)
            case .bfloat16: PackedElement<Self>.store(low, high, output)
            }
          }
        }
      }
    }
  }

  @inlinable @inline(__always)
  static func transformOutput<Element: StoredElement>(
    _ tile: WinogradOutput, _ window: Int, _ element: Element.Type
  ) where Element.Unit == Self {
    let floor = Vector(repeating: tile.activation.minimum)
    guard tile.activation.maximum < .infinity else {
      return forEachPixel(tile, window, element) { x, y, low, high in
        Element.store(
          maximum(floor, low), maximum(floor, high), tile.outputs[y] + (window &* 4 &+ x) &* tile.pixelStride)
      }
    }
    let ceiling = Vector(repeating: tile.activation.maximum)
    forEachPixel(tile, window, element) { x, y, low, high in
      Element.store(
        minimum(ceiling, maximum(floor, low)), minimum(ceiling, maximum(floor, high)),
        tile.outputs[y] + (window &* 4 &+ x) &* tile.pixelStride)
    }
  }

  /// Calls `body` with the sums of each pixel of a window that is inside the output.
  ///
  /// Whether they are integers is asked for each line: where LLVM knew that, it read so many at once that it kept five times as
  /// many vectors on the stack.
  @inlinable @inline(__always)
  static func forEachPixel<Element: StoredElement>(
    _ tile: WinogradOutput, _ window: Int, _: Element.Type,
    _ body: (_ x: Int, _ y: Int, _ low: Vector, _ high: Vector) -> Void
  ) where Element.Unit == Self {
    let count = min(tile.pixels &- window &* 4, 4)
    let lows = firstVectors(tile, window)
    let bias = load(tile.bias + vectorWidth)
    let rows = transformedRows(tile, window, column: vectorWidth)
    // With a constant number of turns: where an index is only known at run time, LLVM copies all rows in each of them.
    for x in 0..<4 where x < count {
      let highs = transformedColumn(rows, x)
      for y in 0..<4 where y < tile.rows {
        var (low, high) = (lows[x &* 4 &+ y], value(highs[y], bias, tile, window))
        if let residuals = tile.residuals {
          let (lowAdded, highAdded) = Element.load(residuals[y] + (window &* 4 &+ x) &* tile.pixelStride)
          (low, high) = (add(low, lowAdded), add(high, highAdded))
        }
        body(x, y, low, high)
      }
    }
  }

  /// The first vector of each pixel of a window, column by column.
  @inlinable @inline(__always)
  static func firstVectors(_ tile: WinogradOutput, _ window: Int) -> InlineArray<16, Vector> {
    let bias = load(tile.bias)
    let rows = transformedRows(tile, window, column: 0)
    var pixels = InlineArray<16, Vector>(repeating: .zero)
    for x in 0..<4 {
      let column = transformedColumn(rows, x)
      for y in 0..<4 { pixels[x &* 4 &+ y] = value(column[y], bias, tile, window) }
    }
    return pixels
  }

  /// A pixel's sum with its bias; of integers, in the window's scale.
  @inlinable @inline(__always)
  static func value(_ sum: Vector, _ bias: Vector, _ tile: WinogradOutput, _ window: Int) -> Vector {
    guard let scales = tile.scales else { return add(sum, bias) }
    var value = bias
    multiplyAdd(&value, sum, Vector(repeating: scales.windows[window]))
    return value
  }

  /// The sums of a window, six rows of six columns, with each row transformed to four columns.
  @inlinable @inline(__always)
  static func transformedRows(
    _ tile: WinogradOutput, _ window: Int, column: Int
  ) -> InlineArray<6, InlineArray<4, Vector>> {
    let sums = tile.sums + (window &* tile.windowStride &+ column)
    let rowStride = 6 &* tile.pointStride
    var rows = InlineArray<6, InlineArray<4, Vector>>(repeating: InlineArray(repeating: .zero))
    for y in 0..<6 {
      var line = InlineArray<6, Vector>(repeating: .zero)
      let row = sums + y &* rowStride
      for x in 0..<6 {
        line[x] = load(row + x &* tile.pointStride)
        guard let scales = tile.scales else { continue }
        let factors = load(scales.columns + ((6 &* y &+ x) &* panelWidth &+ column))
        line[x] = multiply(floats(unsafeBitCast(line[x], to: Integers.self)), factors)
      }
      rows[y] = outputTransform(line)
    }
    return rows
  }

  @inlinable @inline(__always)
  static func transformedColumn(
    _ rows: borrowing InlineArray<6, InlineArray<4, Vector>>, _ x: Int
  ) -> InlineArray<4, Vector> {
    var line = InlineArray<6, Vector>(repeating: .zero)
    for y in 0..<6 { line[y] = rows[y][x] }
    return outputTransform(line)
  }

  /// `sum + factor * value`
  @inlinable @inline(__always)
  static func sum(_ sum: Vector, _ factor: Float, _ value: Vector) -> Vector {
    var sum = sum
    multiplyAdd(&sum, value, Vector(repeating: factor))
    return sum
  }

  /// What two points have in common is computed once. Products that are added once and subtracted once take no fused
  /// multiply-adds, of which processors do two at once while two other units only add.
  @inlinable @inline(__always)
  static func inputTransform(_ d: InlineArray<6, Vector>) -> InlineArray<6, Vector> {
    let (p, q) = (Vector(repeating: WinogradPoints.inner), Vector(repeating: WinogradPoints.outer))
    let (p2, q2) = (WinogradPoints.innerSquare, WinogradPoints.outerSquare)
    let a = sum(d[4], -q2, d[2])
    let b = sum(d[3], -q2, d[1])
    let c = sum(d[4], -p2, d[2])
    let e = sum(d[3], -p2, d[1])
    let first = sum(a, -p2, sum(d[2], -q2, d[0]))
    let last = sum(sum(d[5], -q2, d[3]), -p2, b)
    let (inner, outer) = (multiply(p, b), multiply(q, e))
    return [first, add(a, inner), subtract(a, inner), add(c, outer), subtract(c, outer), last]
  }

  @inlinable @inline(__always)
  static func outputTransform(_ m: InlineArray<6, Vector>) -> InlineArray<4, Vector> {
    let a = add(m[1], m[2])
    let b = subtract(m[1], m[2])
    let c = add(m[3], m[4])
    let e = subtract(m[3], m[4])
    let (p, q) = (WinogradPoints.inner, WinogradPoints.outer)
    let (p2, q2) = (WinogradPoints.innerSquare, WinogradPoints.outerSquare)
    return [
      add(add(m[0], a), c), sum(multiply(Vector(repeating: p), b), q, e),
      sum(multiply(Vector(repeating: p2), a), q2, c), sum(sum(m[5], p * p2, b), q * q2, e),
    ]
  }
}
