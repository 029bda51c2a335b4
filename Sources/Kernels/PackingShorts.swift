/// Weights packed into column panels of `int16`, some rows of their matrix at a time.
public struct ShortPacking {
  /// Rows of a matrix, `[rows][columns]`.
  public var values: UnsafePointer<Float>
  /// The channel of the first row, a multiple of `panelWidth`.
  public var first: Int
  public var rows: Int
  /// Of the whole matrix.
  public var channels: Int
  public var columns: Int
  /// A factor for each column, padded to `panelWidth`.
  public var scale: UnsafePointer<Float>
  /// What `ColumnSizes` found for all rows.
  public var sizes: UnsafePointer<Float>
  /// `[panel][words][panelWidth]`; see `KernelSet.words`. The integers are at most `KernelSet.shortLimit`.
  public var panels: UnsafeMutablePointer<Float>
  /// A scale for each column, `[panel][panelWidth]`.
  public var columnScales: UnsafeMutablePointer<Float>

  public init(
    values: UnsafePointer<Float>, first: Int, rows: Int, channels: Int, columns: Int, scale: UnsafePointer<Float>,
    sizes: UnsafePointer<Float>, panels: UnsafeMutablePointer<Float>, columnScales: UnsafeMutablePointer<Float>
  ) {
    self.values = values
    self.first = first
    self.rows = rows
    self.channels = channels
    self.columns = columns
    self.scale = scale
    self.sizes = sizes
    self.panels = panels
    self.columnScales = columnScales
  }
}

/// The largest magnitude of each column of weights, found by some rows of their matrix at a time.
public struct ColumnSizes {
  /// Rows of a matrix, `[rows][columns]`.
  public var values: UnsafePointer<Float>
  public var rows: Int
  public var columns: Int
  /// A factor for each column.
  public var scale: UnsafePointer<Float>
  /// One for each column, which grows.
  public var sizes: UnsafeMutablePointer<Float>

  public init(
    values: UnsafePointer<Float>, rows: Int, columns: Int, scale: UnsafePointer<Float>,
    sizes: UnsafeMutablePointer<Float>
  ) {
    self.values = values
    self.rows = rows
    self.columns = columns
    self.scale = scale
    self.sizes = sizes
  }
}

extension VectorUnit {
  @inlinable @inline(__always)
  public static func pack(_ run: ShortPacking) { packRows(run) }

  @inlinable @inline(__always)
  public static func measure(_ run: ColumnSizes) { measureRows(run) }

  /// A function of its own, as C functions are not inlined directly into the witness of a protocol requirement.
  @inlinable @inline(never)
  static func measureRows(_ run: ColumnSizes) {
    let whole = run.columns / vectorWidth &* vectorWidth
    for row in 0..<run.rows {
      let values = run.values + row &* run.columns
      for column in stride(from: 0, to: whole, by: vectorWidth) {
        let product = load(values + column) * load(run.scale + column)
        store(larger(load(run.sizes + column), product), run.sizes + column)
      }
      for column in whole..<run.columns {
        let bits = (values[column] * run.scale[column]).magnitude.bitPattern
        run.sizes[column] = Float(bitPattern: max(run.sizes[column].bitPattern, bits))
      }
    }
  }

  @inlinable @inline(never)
  static func packRows(_ run: ShortPacking) {
    let panelWords = words(of: run.channels, .int16) &* panelWidth
    let limit = Float(shortLimit(channels: run.channels))
    withUnsafeTemporaryAllocation(of: Float.self, capacity: panelWidth &* panelWidth) { floats in
      let floats = floats.baseAddress!
      for start in stride(from: 0, to: run.rows, by: panelWidth) {
        let rows = min(panelWidth, run.rows &- start)
        for panel in 0..<(run.columns &+ panelWidth &- 1) / panelWidth {
          let left = panel &* panelWidth
          let count = min(panelWidth, run.columns &- left)
          for index in 0..<rows {
            let row = run.values + ((start &+ index) &* run.columns &+ left)
            let output = floats + index &* panelWidth
            for column in 0..<count { output[column] = row[column] * run.scale[left &+ column] }
            for column in count..<panelWidth { output[column] = 0 }
          }
          let factors = shortFactors(limit: limit, scales: run.columnScales + left) { load(run.sizes + (left &+ $0)) }
          let words = panel &* panelWords &+ (run.first &+ start) / 2 &* panelWidth
          packShortGroup(floats, channels: rows, factors, run.panels + words)
        }
      }
    }
  }

  /// The largest magnitudes of a vector of columns, `[channels][panelWidth]`.
  @inlinable @inline(__always)
  static func largestMagnitudes(_ values: UnsafePointer<Float>, _ channels: Int) -> Vector {
    var tops = Vector.zero
    for channel in 0..<channels { tops = larger(tops, load(values + channel &* panelWidth)) }
    return tops
  }

  /// Magnitudes, or those of other values where they are larger or not numbers.
  @inlinable @inline(__always)
  static func larger(_ magnitudes: Vector, _ values: Vector) -> Vector {
    let bits = unsafeBitCast(values, to: Integers.self) & Integers(repeating: 0x7fff_ffff)
    return unsafeBitCast(maximum(unsafeBitCast(magnitudes, to: Integers.self), bits), to: Vector.self)
  }

  /// The columns `[channels][panelWidth]` as integers, two channels a word as `QuantizeRun` has them, with a scale for each.
  ///
  /// - Parameters:
  ///   - limit: What the size of a column becomes.
  ///   - growth: By which the scales are multiplied.
  ///   - size: Of each column of a vector, that begins at an offset.
  @inlinable @inline(__always)
  static func packShorts(
    _ values: UnsafePointer<Float>, channels: Int, limit: Float, _ output: UnsafeMutablePointer<Float>,
    scales: UnsafeMutablePointer<Float>, growth: Float = 1, size: (_ offset: Int) -> Vector
  ) {
    let factors = shortFactors(limit: limit, scales: scales, growth: growth, size: size)
    for start in stride(from: 0, to: channels, by: panelWidth) {
      packShortGroup(
        values + start &* panelWidth, channels: min(panelWidth, channels &- start), factors,
        output + start / 2 &* panelWidth)
    }
  }

  /// What the columns of a panel are multiplied by, whose scales are stored.
  @inlinable @inline(__always)
  static func shortFactors(
    limit: Float, scales: UnsafeMutablePointer<Float>, growth: Float = 1, size: (_ offset: Int) -> Vector
  ) -> InlineArray<2, Vector> {
    var ups = InlineArray<2, Vector>(repeating: .zero)
    for half in 0..<2 {
      let (up, down) = factors(of: size(half &* vectorWidth), limit: limit)
      ups[half] = up
      store(down * growth, scales + half &* vectorWidth)
    }
    return ups
  }

  /// Some channels, at most `panelWidth`, of a panel's columns.
  @inlinable @inline(__always)
  static func packShortGroup(
    _ values: UnsafePointer<Float>, channels: Int, _ factors: InlineArray<2, Vector>,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let apart = min(vectorWidth, (channels &+ 1) / 2)
    for word in 0..<apart {
      // With an odd number of channels, the last word holds one.
      let hasPartner = word &+ apart < channels
      for half in 0..<2 {
        let row = values + (word &* panelWidth &+ half &* vectorWidth)
        let low = integers(load(row), factors[half])
        let high = hasPartner ? integers(load(row + apart &* panelWidth), factors[half]) : .zero
        let both = (low & Integers(repeating: 0xffff)) | (high &<< Integers(repeating: 16))
        store(unsafeBitCast(both, to: Vector.self), output + (word &* panelWidth &+ half &* vectorWidth))
      }
    }
  }

  /// Products rounded to integers, in the low bits.
  @inlinable @inline(__always)
  static func integers(_ values: Vector, _ factor: Vector) -> Integers {
    var sum = Vector(repeating: 0x1.8p+23)
    multiplyAdd(&sum, values, factor)
    return unsafeBitCast(sum, to: Integers.self)
  }
}
