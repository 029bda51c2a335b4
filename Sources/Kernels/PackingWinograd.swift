/// The weights of a 3 x 3 convolution, transformed for Winograd's F(4x4,3x3), for F(2x2,3x3) where they become bytes, or for
/// F(6x6,3x3); or those of a 5 x 5 one, for F(4x4,5x5).
public struct WinogradPacking {
  /// The taps of a side: 3, or 5.
  public var taps: Int
  /// The points of a window: 36, 16 for bytes, or 64.
  public var points: Int
  /// `[taps][taps][channels][columns]`
  public var values: UnsafePointer<Float>
  public var channels: Int
  public var columns: Int
  /// A factor for each column, padded to `panelWidth`.
  public var scale: UnsafePointer<Float>
  /// `[panel][point][words][columnWords]`; see `KernelSet.words`.
  public var panels: UnsafeMutablePointer<Float>
  /// `float32`; `int16`, whose integers have a scale for each column of each point: as large as 32 bits allow for their sums with
  /// rows of `KernelSet.winogradLimit`; or `int8`.
  public var arithmetic: Arithmetic
  /// Those scales, `[panel][point][panelWidth]`; nil for `float32`.
  public var columnScales: UnsafeMutablePointer<Float>?
  /// For `int8`, where the sums of a point start, `[panel][point][panelWidth]`; see `ColumnStarts`.
  public var starts: UnsafeMutablePointer<Int32>?

  public init(
    taps: Int = 3, points: Int, values: UnsafePointer<Float>, channels: Int, columns: Int, scale: UnsafePointer<Float>,
    panels: UnsafeMutablePointer<Float>, arithmetic: Arithmetic = .float32,
    columnScales: UnsafeMutablePointer<Float>? = nil, starts: UnsafeMutablePointer<Int32>? = nil
  ) {
    self.taps = taps
    self.points = points
    self.arithmetic = arithmetic
    self.columnScales = columnScales
    self.starts = starts
    self.values = values
    self.channels = channels
    self.columns = columns
    self.scale = scale
    self.panels = panels
  }
}

/// The transform of the weights: the factors of the three taps at one of the six points are 1, x and x^2, divided by
/// the product of the point's differences from the others.
@inlinable
func winogradKernelTransform(_ point: Int) -> InlineArray<3, Float> {
  switch point {
  case 0: [256 / 225, 0, 0]
  case 1: [-2048 / 2975, -1280 / 2975, -800 / 2975]
  case 2: [-2048 / 2975, 1280 / 2975, -800 / 2975]
  case 3: [128 / 1071, 192 / 1071, 288 / 1071]
  case 4: [128 / 1071, -192 / 1071, 288 / 1071]
  default: [0, 0, 1]
  }
}

/// The same for the eight points of wide windows.
@inlinable
func winogradWideTransform3(_ point: Int) -> InlineArray<3, Float> {
  let factors = winogradLineTransform(point)
  return point == 7 ? [0, 0, 1] : [factors[0], factors[1], factors[2]]
}

@inlinable
func winogradWideTransform5(_ point: Int) -> InlineArray<5, Float> {
  let factors = winogradLineTransform(point)
  return point == 7 ? [0, 0, 0, 0, 1] : [factors[0], factors[1], factors[2], factors[3], factors[4]]
}

extension VectorUnit {
  @inlinable @inline(__always)
  public static func pack(_ run: WinogradPacking) {
    switch run.arithmetic {
    case .int8: packBytes(run)
    case .int16: packShorts(run)
    default:
      for panel in 0..<(run.columns &+ panelWidth &- 1) / panelWidth {
        transformKernel(run, panel, run.panels + panel &* run.points &* run.channels &* panelWidth)
      }
    }
  }

  /// The values of one panel, `[point][channels][panelWidth]`. A function of its own, as C functions are not inlined
  /// directly into the witness of a protocol requirement.
  @inlinable @inline(never)
  static func transformKernel(_ run: WinogradPacking, _ panel: Int, _ output: UnsafeMutablePointer<Float>) {
    switch (run.points, run.taps) {
    case (16, _): transformKernel(run, panel, output, side: 4, winogradBytesTransform)
    case (36, _): transformKernel(run, panel, output, side: 6, winogradKernelTransform)
    case (_, 3): transformKernel(run, panel, output, side: 8, winogradWideTransform3)
    default: transformKernel(run, panel, output, side: 8, winogradWideTransform5)
    }
  }

  /// - Parameters:
  ///   - side: The points of a window's side.
  ///   - factors: Of the taps of a side at one of them.
  @inlinable @inline(__always)
  static func transformKernel<let taps: Int>(
    _ run: WinogradPacking, _ panel: Int, _ output: UnsafeMutablePointer<Float>, side: Int,
    _ factors: (_ point: Int) -> InlineArray<taps, Float>
  ) {
    let left = panel &* panelWidth
    let count = min(panelWidth, run.columns &- left)
    let scale = loadColumns(run.scale + left)
    for channel in 0..<run.channels {
      var kernel = InlineArray<taps, InlineArray<taps, Columns>>(repeating: InlineArray(repeating: .zero))
      for y in 0..<taps {
        for x in 0..<taps {
          let row = run.values + (((y &* taps &+ x) &* run.channels &+ channel) &* run.columns &+ left)
          if count == panelWidth {
            kernel[y][x] = loadColumns(row) * scale
          } else {
            for column in 0..<count { kernel[y][x][column] = row[column] * run.scale[left &+ column] }
          }
        }
      }
      for j in 0..<side {
        let across = factors(j)
        var lines = InlineArray<taps, Columns>(repeating: .zero)
        for y in 0..<taps { lines[y] = weightedSum(kernel[y], across) }
        for i in 0..<side {
          store(weightedSum(lines, factors(i)), output + ((i &* side &+ j) &* run.channels &+ channel) &* panelWidth)
        }
      }
    }
  }

  @inlinable @inline(__always)
  static func weightedSum<let taps: Int>(
    _ values: InlineArray<taps, Columns>, _ factors: InlineArray<taps, Float>
  ) -> Columns {
    var sum = values[0] * factors[0]
    for tap in 1..<taps { sum += values[tap] * factors[tap] }
    return sum
  }

  /// Panel by panel by way of floats, as the scales need whole columns.
  @inlinable @inline(never)
  static func packShorts(_ run: WinogradPacking) {
    let depth = words(of: run.channels, .int16)
    let limit = meanLimit(channels: run.channels)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: run.points &* run.channels &* panelWidth) { floats in
      let floats = floats.baseAddress!
      for panel in 0..<(run.columns &+ panelWidth &- 1) / panelWidth {
        transformKernel(run, panel, floats)
        for point in 0..<run.points {
          let index = panel &* run.points &+ point
          let values = floats + point &* run.channels &* panelWidth
          packShorts(
            values, channels: run.channels, limit: limit, run.panels + index &* depth &* panelWidth,
            scales: run.columnScales! + index &* panelWidth,
            // The scale of a wide window is that of its values.
            growth: run.points == 64 ? 1 : WinogradPoints.growth(point / 6) * WinogradPoints.growth(point % 6)
          ) { sizes(values + $0, run.channels, meanLimit: limit) }
        }
      }
    }
  }

  /// The same for the 16 points of F(2x2,3x3), as the weights of any product of bytes are packed.
  @inlinable @inline(never)
  public static func packBytes(_ run: WinogradPacking) {
    let words = words(of: run.channels, .int8)
    let stride = words &* columnWords(.int8)
    let count = run.channels &* panelWidth
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 16 &* count) { floats in
      withUnsafeTemporaryAllocation(of: Int8.self, capacity: count) { bytes in
        let (floats, bytes) = (floats.baseAddress!, bytes.baseAddress!)
        for panel in 0..<(run.columns &+ panelWidth &- 1) / panelWidth {
          transformKernel(run, panel, floats)
          for point in 0..<16 {
            let index = panel &* 16 &+ point
            quantizeColumns(
              floats + point &* count, channels: run.channels, bytes, scales: run.columnScales! + index &* panelWidth)
            packWords(
              BytePacking(
                values: bytes, first: 0, count: count, depth: run.channels, columns: panelWidth,
                panels: run.panels + index &* stride, words: words, arithmetic: .int8))
          }
          sumPanels(
            ColumnStarts(
              columnPanels: run.panels + panel &* 16 &* stride, depth: words, panels: 16,
              starts: run.starts! + panel &* 16 &* panelWidth))
        }
      }
    }
  }

  /// The columns `[channels][panelWidth]` as bytes, with a scale for each.
  @inlinable @inline(__always)
  static func quantizeColumns(
    _ values: UnsafePointer<Float>, channels: Int, _ bytes: UnsafeMutablePointer<Int8>,
    scales: UnsafeMutablePointer<Float>
  ) {
    for half in stride(from: 0, to: panelWidth, by: vectorWidth) {
      let (up, down) = factors(of: largestMagnitudes(values + half, channels), limit: 127)
      store(down, scales + half)
      for channel in 0..<channels {
        let place = channel &* panelWidth &+ half
        let integers = integers(load(values + place), up)
        for lane in 0..<vectorWidth { bytes[place &+ lane] = Int8(truncatingIfNeeded: integers[lane]) }
      }
    }
  }

  /// The mean magnitude of a column's integers at which a sum of products with rows of `winogradLimit` cannot leave 32 bits.
  @inlinable
  static func meanLimit(channels: Int) -> Float {
    // Rounding adds up to half a unit to each.
    Float(Int32.max) / Float(winogradLimit(channels: channels) &+ 1) / Float(channels) - 1
  }

  /// The mean magnitudes of a vector of columns, or as much as keeps the largest magnitude within 16 bits.
  @inlinable @inline(__always)
  static func sizes(_ values: UnsafePointer<Float>, _ channels: Int, meanLimit: Float) -> Vector {
    let part = Vector(repeating: 1 / Float(channels))
    var mean = Vector.zero
    for channel in 0..<channels { multiplyAdd(&mean, magnitude(load(values + channel &* panelWidth)), part) }
    return maximum(mean, largestMagnitudes(values, channels) * (meanLimit / 32_767))
  }
}
