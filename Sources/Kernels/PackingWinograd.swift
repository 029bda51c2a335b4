/// The weights of a 3 x 3 convolution, transformed for Winograd's F(4x4,3x3), or for F(2x2,3x3) where they become bytes.
public struct WinogradPacking {
  /// `[3][3][channels][columns]`
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
    values: UnsafePointer<Float>, channels: Int, columns: Int, scale: UnsafePointer<Float>,
    panels: UnsafeMutablePointer<Float>, arithmetic: Arithmetic = .float32,
    columnScales: UnsafeMutablePointer<Float>? = nil, starts: UnsafeMutablePointer<Int32>? = nil
  ) {
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

extension VectorUnit {
  @inlinable @inline(__always)
  public static func pack(_ run: WinogradPacking) {
    switch run.arithmetic {
    case .int8: packBytes(run)
    case .int16: packShorts(run)
    default:
      for panel in 0..<(run.columns &+ panelWidth &- 1) / panelWidth {
        transformKernel(run, panel, run.panels + panel &* 36 &* run.channels &* panelWidth)
      }
    }
  }

  /// The values of one panel, `[6][6][channels][panelWidth]`. A function of its own, as C functions are not inlined
  /// directly into the witness of a protocol requirement.
  @inlinable @inline(never)
  static func transformKernel(_ run: WinogradPacking, _ panel: Int, _ output: UnsafeMutablePointer<Float>) {
    transformKernel(run, panel, output, side: 6, winogradKernelTransform)
  }

  /// - Parameters:
  ///   - side: The points of a window's side.
  ///   - factors: Of the three taps at one of them.
  @inlinable @inline(__always)
  static func transformKernel(
    _ run: WinogradPacking, _ panel: Int, _ output: UnsafeMutablePointer<Float>, side: Int,
    _ factors: (_ point: Int) -> InlineArray<3, Float>
  ) {
    let left = panel &* panelWidth
    let count = min(panelWidth, run.columns &- left)
    let scale = loadColumns(run.scale + left)
    for channel in 0..<run.channels {
      var taps = InlineArray<9, Columns>(repeating: .zero)
      for tap in 0..<9 {
        let row = run.values + ((tap &* run.channels &+ channel) &* run.columns &+ left)
        if count == panelWidth {
          taps[tap] = loadColumns(row) * scale
        } else {
          for column in 0..<count { taps[tap][column] = row[column] * run.scale[left &+ column] }
        }
      }
      for j in 0..<side {
        let across = factors(j)
        var lines = InlineArray<3, Columns>(repeating: .zero)
        for y in 0..<3 {
          lines[y] = taps[3 &* y] * across[0] + taps[3 &* y &+ 1] * across[1] + taps[3 &* y &+ 2] * across[2]
        }
        for i in 0..<side {
          let down = factors(i)
          let value = lines[0] * down[0] + lines[1] * down[1] + lines[2] * down[2]
          store(value, output + ((i &* side &+ j) &* run.channels &+ channel) &* panelWidth)
        }
      }
    }
  }

  /// Panel by panel by way of floats, as the scales need whole columns.
  @inlinable @inline(never)
  static func packShorts(_ run: WinogradPacking) {
    let depth = words(of: run.channels, .int16)
    let limit = meanLimit(channels: run.channels)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 36 &* run.channels &* panelWidth) { floats in
      let floats = floats.baseAddress!
      for panel in 0..<(run.columns &+ panelWidth &- 1) / panelWidth {
        transformKernel(run, panel, floats)
        for point in 0..<36 {
          let index = panel &* 36 &+ point
          let values = floats + point &* run.channels &* panelWidth
          packShorts(
            values, channels: run.channels, limit: limit, run.panels + index &* depth &* panelWidth,
            scales: run.columnScales! + index &* panelWidth,
            growth: WinogradPoints.growth(point / 6) * WinogradPoints.growth(point % 6)
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
          transformKernel(run, panel, floats, side: 4, winogradBytesTransform)
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
