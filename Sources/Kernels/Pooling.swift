/// One row of a pool's output. Padding counts neither for a maximum nor for a sum.
public struct PoolRun {
  /// The rows of the window that are inside the input, each at the first pixel of the input.
  public var inputs: UnsafePointer<UnsafePointer<Float>>
  public var inputRows: Int
  public var inputWidth: Int
  public var pixelStride: Int
  /// Horizontal.
  public var windowWidth: Int
  public var stride: Int
  public var dilation: Int
  public var paddingLeft: Int
  /// What a sum is divided by: the size of the window, or nil for the number of its pixels inside the input.
  public var divisor: Int?
  public var output: UnsafeMutablePointer<Float>
  public var outputPixelStride: Int
  public var pixels: Int
  /// The vectors of words of a pixel.
  public var vectors: Int
  /// The element type of the input and of the output.
  public var element: MapElementType
  /// Of an average's inputs.
  public var normalization: PoolNormalization?
  /// Limits, of what is stored.
  public var activation: OutputActivation

  public init(
    inputs: UnsafePointer<UnsafePointer<Float>>, inputRows: Int, inputWidth: Int, pixelStride: Int, windowWidth: Int,
    stride: Int, dilation: Int, paddingLeft: Int, divisor: Int?, output: UnsafeMutablePointer<Float>,
    outputPixelStride: Int, pixels: Int, vectors: Int, element: MapElementType = .float32,
    normalization: PoolNormalization? = nil, activation: Activation = .identity
  ) {
    self.element = element
    self.normalization = normalization
    self.activation = OutputActivation(activation)
    self.inputs = inputs
    self.inputRows = inputRows
    self.inputWidth = inputWidth
    self.pixelStride = pixelStride
    self.windowWidth = windowWidth
    self.stride = stride
    self.dilation = dilation
    self.paddingLeft = paddingLeft
    self.divisor = divisor
    self.output = output
    self.outputPixelStride = outputPixelStride
    self.pixels = pixels
    self.vectors = vectors
  }

  /// The window's columns inside the input for one output pixel: the position of the first, and how many there are.
  @inlinable @inline(__always)
  func columns(at pixel: Int) -> (first: Int, count: Int) {
    let start = pixel &* stride &- paddingLeft
    let skipped = start < 0 ? (dilation &- 1 &- start) / dilation : 0
    let first = start &+ skipped &* dilation
    let last = inputWidth &- 1
    return (first, min(windowWidth &- skipped, first > last ? 0 : (last &- first) / dilation &+ 1))
  }
}

/// What becomes of each value before it is averaged: `activation(factor * x + offset)`, a batch normalization and what follows it,
/// which need no map of their own then.
public struct PoolNormalization {
  /// `[vector][offset, factor][vectorWidth]`, as of a depthwise window of one tap.
  public var weights: UnsafePointer<Float>
  /// Limits.
  public var activation: OutputActivation

  public init(weights: UnsafePointer<Float>, activation: Activation) {
    self.weights = weights
    self.activation = OutputActivation(activation)
  }
}

/// One value for each channel of a map: the mean over all its pixels, or the largest.
public struct GlobalPoolRun {
  public var isMaximum: Bool
  public var input: UnsafePointer<Float>
  public var height: Int
  public var width: Int
  public var rowStride: Int
  public var pixelStride: Int
  /// The vectors of words of the map, each of which gives two vectors of floats where it is packed; or of the output,
  /// where only that is packed.
  public var vectors: Range<Int>
  public var output: UnsafeMutablePointer<Float>
  public var element: MapElementType
  public var outputElement: MapElementType
  /// What a sum is divided by.
  public var divisor: Int

  public init(
    isMaximum: Bool, input: UnsafePointer<Float>, height: Int, width: Int, rowStride: Int, pixelStride: Int,
    vectors: Range<Int>, output: UnsafeMutablePointer<Float>, element: MapElementType = .float32,
    outputElement: MapElementType = .float32, divisor: Int? = nil
  ) {
    self.divisor = divisor ?? height * width
    self.isMaximum = isMaximum
    self.element = element
    self.outputElement = outputElement
    self.input = input
    self.height = height
    self.width = width
    self.rowStride = rowStride
    self.pixelStride = pixelStride
    self.vectors = vectors
    self.output = output
  }
}

extension VectorUnit {
  @inlinable @inline(never)
  public static func maximumPool(_ run: PoolRun) {
    switch run.element {
    case .float32: maximumPool(run, .float32)
    case .bfloat16: maximumPool(run, .bfloat16)
    }
  }

  @inlinable @inline(__always)
  static func maximumPool(_ run: PoolRun, _ element: MapElementType) {
    for pixel in 0..<run.pixels {
      let columns = run.columns(at: pixel)
      let output = run.output + pixel &* run.outputPixelStride
      unrolled(run.inputRows, columns.count) { rows, count in
        for group in 0..<run.vectors {
          let words = words(element) { part in
            let first = columns.first &* run.pixelStride &+ group &* vectorWidth
            let ofRows = largest(rows) { row in
              largest(count) { load(part, run.inputs[row] + (first &+ $0 &* run.dilation &* run.pixelStride)) }
            }
            return limited(ofRows, run.activation)
          }
          store(words, output + group &* vectorWidth)
        }
      }
    }
  }

  /// Calls `body` with the rows and columns of a window: as constants where it is 2 x 2 or 3 x 3, so that loops over them are
  /// unrolled.
  @inlinable @inline(__always)
  static func unrolled(_ rows: Int, _ columns: Int, _ body: (_ rows: Int, _ columns: Int) -> Void) {
    switch (rows, columns) {
    case (2, 2): body(2, 2)
    case (3, 3): body(3, 3)
    default: body(rows, columns)
    }
  }

  @inlinable @inline(__always)
  static func largest(_ count: Int, _ value: (Int) -> Vector) -> Vector {
    var largest = count > 0 ? value(0) : Vector(repeating: -.infinity)
    for index in 1..<max(1, count) { largest = maximumOrNaN(largest, value(index)) }
    return largest
  }

  @inlinable @inline(never)
  public static func averagePool(_ run: PoolRun) {
    switch run.element {
    case .float32: averagePool(run, .float32)
    case .bfloat16: averagePool(run, .bfloat16)
    }
  }

  @inlinable @inline(__always)
  static func averagePool(_ run: PoolRun, _ element: MapElementType) {
    if let normalization = run.normalization {
      return averagePool(run, element) { sum, value, vector in
        let weights = normalization.weights + 2 &* vector &* vectorWidth
        var normalized = load(weights)
        multiplyAdd(&normalized, value, load(weights + vectorWidth))
        sum += limited(normalized, normalization.activation)
      }
    }
    if run.windowWidth == 3 && run.stride == 1 && run.dilation == 1 && (2...3).contains(run.inputRows) {
      return slidingAverage(run, element)
    }
    averagePool(run, element) { sum, value, _ in sum += value }
  }

  /// - Parameter add: Adds a value to a sum; the vector's number counts those of a pixel's channels.
  @inlinable @inline(__always)
  static func averagePool(
    _ run: PoolRun, _ element: MapElementType, _ add: (_ sum: inout Vector, _ value: Vector, _ vector: Int) -> Void
  ) {
    for pixel in 0..<run.pixels {
      let columns = run.columns(at: pixel)
      let output = run.output + pixel &* run.outputPixelStride
      let factor = Vector(repeating: 1 / Float(run.divisor ?? run.inputRows &* columns.count))
      unrolled(run.inputRows, columns.count) { rows, count in
        for group in 0..<run.vectors {
          let mean = words(element) { part in
            let vector = element == .float32 ? group : 2 &* group &+ (part == .high ? 1 : 0)
            var sum = Vector.zero
            for row in 0..<rows {
              let input = run.inputs[row] + (columns.first &* run.pixelStride &+ group &* vectorWidth)
              for column in 0..<count {
                add(&sum, load(part, input + column &* run.dilation &* run.pixelStride), vector)
              }
            }
            return limited(sum * factor, run.activation)
          }
          store(mean, output + group &* vectorWidth)
        }
      }
    }
  }

  @inlinable @inline(never)
  public static func globalPool(_ run: GlobalPoolRun) {
    if run.isMaximum { maximum(run) } else { mean(run) }
  }

  @inlinable @inline(__always)
  static func maximum(_ run: GlobalPoolRun) {
    @inline(__always)
    func largest(_ vector: Int, _ part: WordPart) -> Vector {
      var largest = Vector(repeating: -.infinity)
      for y in 0..<run.height {
        var pixel = run.input + (y &* run.rowStride &+ vector &* vectorWidth)
        for _ in 0..<run.width {
          largest = maximumOrNaN(largest, load(part, pixel))
          pixel += run.pixelStride
        }
      }
      return largest
    }
    for vector in run.vectors {
      switch (run.element, run.outputElement) {
      case (.float32, .float32): store(largest(vector, .whole), run.output + vector &* vectorWidth)
      case (.float32, .bfloat16):
        let words = packed(largest(2 &* vector, .whole), largest(2 &* vector &+ 1, .whole))
        store(words, run.output + vector &* vectorWidth)
      case (.bfloat16, .float32):
        store(largest(vector, .low), run.output + 2 &* vector &* vectorWidth)
        store(largest(vector, .high), run.output + (2 &* vector &+ 1) &* vectorWidth)
      case (.bfloat16, .bfloat16):
        store(packed(largest(vector, .low), largest(vector, .high)), run.output + vector &* vectorWidth)
      }
    }
  }

  @inlinable @inline(__always)
  static func mean(_ run: GlobalPoolRun) {
    let divisor = Vector(repeating: Float(run.divisor))
    let vectors = run.vectors
    switch (run.element, run.outputElement) {
    case (.float32, .float32):
      for vector in stride(from: vectors.lowerBound, to: vectors.upperBound, by: 2) {
        let (first, second) = (vector &* vectorWidth, min(vector &+ 1, vectors.upperBound &- 1) &* vectorWidth)
        let (low, high) = floatSums(run, first, second)
        store(low / divisor, run.output + first)
        store(high / divisor, run.output + second)
      }
    case (.float32, .bfloat16):
      for vector in vectors {
        let (low, high) = floatSums(run, 2 &* vector &* vectorWidth, (2 &* vector &+ 1) &* vectorWidth)
        store(packed(low / divisor, high / divisor), run.output + vector &* vectorWidth)
      }
    case (.bfloat16, .float32):
      for vector in vectors {
        let (low, high) = packedSums(run, vector &* vectorWidth)
        store(low / divisor, run.output + 2 &* vector &* vectorWidth)
        store(high / divisor, run.output + (2 &* vector &+ 1) &* vectorWidth)
      }
    case (.bfloat16, .bfloat16):
      for vector in vectors {
        let (low, high) = packedSums(run, vector &* vectorWidth)
        store(packed(low / divisor, high / divisor), run.output + vector &* vectorWidth)
      }
    }
  }

  /// The sums of two vectors that are at some words of each pixel. A function of its own, like that of packed words: in
  /// the ones above, the compiler would keep sums in memory.
  @inlinable @inline(never)
  static func floatSums(_ run: borrowing GlobalPoolRun, _ low: Int, _ high: Int) -> (Vector, Vector) {
    sums(run, low, .whole, high, .whole)
  }

  @inlinable @inline(never)
  static func packedSums(_ run: borrowing GlobalPoolRun, _ words: Int) -> (Vector, Vector) {
    sums(run, words, .low, words, .high)
  }

  /// Four sums for each row, then a sum of rows: a single sum over 190 x 190 pixels loses the last five bits, and a
  /// gate that is computed from it passes its error on to the whole channel.
  @inlinable @inline(__always)
  static func sums(
    _ run: borrowing GlobalPoolRun, _ low: Int, _ lowPart: WordPart, _ high: Int, _ highPart: WordPart
  ) -> (Vector, Vector) {
    var (lowSum, highSum) = (Vector.zero, Vector.zero)
    let rest = run.width % 4
    for y in 0..<run.height {
      var pixel = run.input + y &* run.rowStride
      var lows = InlineArray<4, Vector>(repeating: .zero)
      var highs = InlineArray<4, Vector>(repeating: .zero)
      for _ in 0..<run.width / 4 {
        for column in 0..<4 {
          lows[column] += load(lowPart, pixel + low)
          highs[column] += load(highPart, pixel + high)
          pixel += run.pixelStride
        }
      }
      for column in 0..<3 where column < rest {
        lows[column] += load(lowPart, pixel + low)
        highs[column] += load(highPart, pixel + high)
        pixel += run.pixelStride
      }
      lowSum += (lows[0] + lows[1]) + (lows[2] + lows[3])
      highSum += (highs[0] + highs[1]) + (highs[2] + highs[3])
    }
    return (lowSum, highSum)
  }
}
