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

  public init(
    inputs: UnsafePointer<UnsafePointer<Float>>, inputRows: Int, inputWidth: Int, pixelStride: Int, windowWidth: Int,
    stride: Int, dilation: Int, paddingLeft: Int, divisor: Int?, output: UnsafeMutablePointer<Float>,
    outputPixelStride: Int, pixels: Int, vectors: Int, element: MapElementType = .float32
  ) {
    self.element = element
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
      if run.inputRows == 3 && columns.count == 3 {
        maximum3x3(run, element, first: columns.first, output)
      } else {
        maximum(run, element, columns, output)
      }
    }
  }

  @inlinable @inline(__always)
  static func maximum(
    _ run: PoolRun, _ element: MapElementType, _ columns: (first: Int, count: Int),
    _ output: UnsafeMutablePointer<Float>
  ) {
    for channel in stride(from: 0, to: run.vectors &* vectorWidth, by: vectorWidth) {
      let largest = words(element) { part in
        var largest = Vector(repeating: -.infinity)
        for row in 0..<run.inputRows {
          let input = run.inputs[row] + (columns.first &* run.pixelStride &+ channel)
          for column in 0..<columns.count {
            largest = maximumOrNaN(largest, load(part, input + column &* run.dilation &* run.pixelStride))
          }
        }
        return largest
      }
      store(largest, output + channel)
    }
  }

  @inlinable @inline(__always)
  static func maximum3x3(
    _ run: PoolRun, _ element: MapElementType, first: Int, _ output: UnsafeMutablePointer<Float>
  ) {
    let top = run.inputs[0] + first &* run.pixelStride
    let middle = run.inputs[1] + first &* run.pixelStride
    let bottom = run.inputs[2] + first &* run.pixelStride
    let second = run.dilation &* run.pixelStride
    @inline(__always)
    func largest(_ part: WordPart, _ row: UnsafePointer<Float>) -> Vector {
      maximumOrNaN(maximumOrNaN(load(part, row), load(part, row + second)), load(part, row + 2 &* second))
    }
    for channel in stride(from: 0, to: run.vectors &* vectorWidth, by: vectorWidth) {
      let rows = words(element) { part in
        maximumOrNaN(
          maximumOrNaN(largest(part, top + channel), largest(part, middle + channel)), largest(part, bottom + channel))
      }
      store(rows, output + channel)
    }
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
    for pixel in 0..<run.pixels {
      let columns = run.columns(at: pixel)
      let output = run.output + pixel &* run.outputPixelStride
      let divisor = Vector(repeating: Float(run.divisor ?? run.inputRows &* columns.count))
      if run.inputRows == 3 && columns.count == 3 {
        average3x3(run, element, first: columns.first, divisor, output)
      } else {
        average(run, element, columns, divisor, output)
      }
    }
  }

  @inlinable @inline(__always)
  static func average(
    _ run: PoolRun, _ element: MapElementType, _ columns: (first: Int, count: Int), _ divisor: Vector,
    _ output: UnsafeMutablePointer<Float>
  ) {
    for channel in stride(from: 0, to: run.vectors &* vectorWidth, by: vectorWidth) {
      let mean = words(element) { part in
        var sum = Vector.zero
        for row in 0..<run.inputRows {
          let input = run.inputs[row] + (columns.first &* run.pixelStride &+ channel)
          for column in 0..<columns.count { sum += load(part, input + column &* run.dilation &* run.pixelStride) }
        }
        return sum / divisor
      }
      store(mean, output + channel)
    }
  }

  @inlinable @inline(__always)
  static func average3x3(
    _ run: PoolRun, _ element: MapElementType, first: Int, _ divisor: Vector, _ output: UnsafeMutablePointer<Float>
  ) {
    let top = run.inputs[0] + first &* run.pixelStride
    let middle = run.inputs[1] + first &* run.pixelStride
    let bottom = run.inputs[2] + first &* run.pixelStride
    let second = run.dilation &* run.pixelStride
    @inline(__always)
    func sum(_ sum: Vector, _ part: WordPart, _ row: UnsafePointer<Float>) -> Vector {
      sum + load(part, row) + load(part, row + second) + load(part, row + 2 &* second)
    }
    for channel in stride(from: 0, to: run.vectors &* vectorWidth, by: vectorWidth) {
      let mean = words(element) { part in
        sum(sum(sum(.zero, part, top + channel), part, middle + channel), part, bottom + channel) / divisor
      }
      store(mean, output + channel)
    }
  }

  @inlinable @inline(never)
  public static func globalPool(_ run: GlobalPoolRun) {
    let divisor = Vector(repeating: Float(run.divisor))
    if run.isMaximum {
      globalPool(run, from: -.infinity, { maximumOrNaN($0, $1) }, finish: { $0 })
    } else {
      globalPool(run, from: 0, { $0 + $1 }, finish: { $0 / divisor })
    }
  }

  @inlinable @inline(__always)
  static func globalPool(
    _ run: GlobalPoolRun, from start: Float, _ join: (Vector, Vector) -> Vector, finish: (Vector) -> Vector
  ) {
    // Four sums for each row, then a sum of rows: a single sum over 190 x 190 pixels loses the last five bits, and a
    // gate that is computed from it passes its error on to the whole channel.
    @inline(__always)
    func pooled(_ vector: Int, _ part: WordPart) -> Vector {
      var value = Vector(repeating: start)
      let end = run.width &- run.width % 4
      for y in 0..<run.height {
        let row = run.input + (y &* run.rowStride &+ vector &* vectorWidth)
        var line = InlineArray<4, Vector>(repeating: Vector(repeating: start))
        for x in stride(from: 0, to: end, by: 4) {
          for column in 0..<4 { line[column] = join(line[column], load(part, row + (x &+ column) &* run.pixelStride)) }
        }
        for x in end..<run.width { line[x % 4] = join(line[x % 4], load(part, row + x &* run.pixelStride)) }
        value = join(value, join(join(line[0], line[1]), join(line[2], line[3])))
      }
      return finish(value)
    }
    for vector in run.vectors {
      switch (run.element, run.outputElement) {
      case (.float32, .float32): store(pooled(vector, .whole), run.output + vector &* vectorWidth)
      case (.float32, .bfloat16):
        let words = packed(pooled(2 &* vector, .whole), pooled(2 &* vector &+ 1, .whole))
        store(words, run.output + vector &* vectorWidth)
      case (.bfloat16, .float32):
        store(pooled(vector, .low), run.output + 2 &* vector &* vectorWidth)
        store(pooled(vector, .high), run.output + (2 &* vector &+ 1) &* vectorWidth)
      case (.bfloat16, .bfloat16):
        store(packed(pooled(vector, .low), pooled(vector, .high)), run.output + vector &* vectorWidth)
      }
    }
  }
}
