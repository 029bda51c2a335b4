/// A run of values of a weights matrix of depth x columns, packed into column panels.
public struct ColumnPacking {
  /// Values in the matrix's order, row by row, starting with `first`; aligned to at least 4 bytes.
  public var values: UnsafePointer<Float>
  public var first: Int
  public var count: Int
  public var depth: Int
  public var columns: Int
  /// A factor for each column, padded to `panelWidth`.
  public var scale: UnsafePointer<Float>
  /// `[panel][words][panelWidth]`
  public var panels: UnsafeMutablePointer<Float>
  /// `float32`, `bfloat16` or `bfloat16Weights`.
  public var arithmetic: Arithmetic
  /// For `bfloat16`: the length of the runs that the depth is divided into (the taps of a window), each padded to
  /// `panelWidth`.
  public var channels: Int
  /// For `bfloat16`: the words of the last channels of a run, where they are closer together; else 0. See
  /// `DepthwiseRun.tailWords`.
  public var tailWords: Int

  public init(
    values: UnsafePointer<Float>, first: Int, count: Int, depth: Int, columns: Int, scale: UnsafePointer<Float>,
    panels: UnsafeMutablePointer<Float>, arithmetic: Arithmetic = .float32, channels: Int? = nil, tailWords: Int = 0
  ) {
    self.tailWords = tailWords
    self.arithmetic = arithmetic
    self.channels = channels ?? depth
    self.values = values
    self.first = first
    self.count = count
    self.depth = depth
    self.columns = columns
    self.scale = scale
    self.panels = panels
  }
}

/// A run of values of a weights matrix of bytes, depth x columns, packed into column panels for `int8` or `int8Weights`.
///
/// Words that no value fills must be zero beforehand.
public struct BytePacking {
  /// Values in the matrix's order, row by row, starting with `first`.
  public var values: UnsafePointer<Int8>
  public var first: Int
  public var count: Int
  public var depth: Int
  public var columns: Int
  /// `[panel][words][columnWords]`
  public var panels: UnsafeMutablePointer<Float>
  /// The words of a column.
  public var words: Int
  public var arithmetic: Arithmetic
  /// For `int8`: the length of the runs that the depth is divided into (the taps of a window), each in
  /// `KernelSet.byteWords` words.
  public var channels: Int

  public init(
    values: UnsafePointer<Int8>, first: Int, count: Int, depth: Int, columns: Int,
    panels: UnsafeMutablePointer<Float>, words: Int, arithmetic: Arithmetic, channels: Int? = nil
  ) {
    self.channels = channels ?? depth
    self.words = words
    self.values = values
    self.first = first
    self.count = count
    self.depth = depth
    self.columns = columns
    self.panels = panels
    self.arithmetic = arithmetic
  }
}

/// Where the sums of an `int8` product start, computed from all of its packed column panels: it undoes the shift of the
/// rows.
public struct ColumnStarts {
  public var columnPanels: UnsafePointer<Float>
  /// The words of a column.
  public var depth: Int
  public var panels: Int
  /// `[panel][panelWidth]`
  public var starts: UnsafeMutablePointer<Int32>

  public init(columnPanels: UnsafePointer<Float>, depth: Int, panels: Int, starts: UnsafeMutablePointer<Int32>) {
    self.columnPanels = columnPanels
    self.depth = depth
    self.panels = panels
    self.starts = starts
  }
}

extension VectorUnit {
  @inlinable @inline(__always)
  public static func pack(_ run: ColumnPacking) {
    switch run.arithmetic {
    case .bfloat16: packPairs(run)
    case .bfloat16Weights: packForWidening(run)
    default: packFloats(run)
    }
  }

  /// Panel by panel, so that each is written in order; the values are read from the cache, where they have just
  /// arrived.
  @inlinable @inline(__always)
  static func packFloats(_ run: borrowing ColumnPacking) {
    let end = run.first &+ run.count
    let rows = Range(uncheckedBounds: (run.first / run.columns, (end &+ run.columns &- 1) / run.columns))
    for panel in 0..<(run.columns &+ panelWidth &- 1) / panelWidth {
      let left = panel &* panelWidth
      let right = min(left &+ panelWidth, run.columns)
      let scale = UnsafeRawPointer(run.scale + left).loadUnaligned(as: Columns.self)
      var output = run.panels + (panel &* run.depth &+ rows.lowerBound) &* panelWidth
      for row in rows {
        let start = row &* run.columns
        let values = run.values + (start &+ left &- run.first)
        if start &+ left >= run.first && start &+ right <= end && right &- left == panelWidth {
          let product = UnsafeRawPointer(values).loadUnaligned(as: Columns.self) * scale
          UnsafeMutableRawPointer(output).storeBytes(of: product, as: Columns.self)
        } else {
          for column in max(left, run.first &- start)..<max(min(right, end &- start), left, run.first &- start) {
            output[column &- left] = values[column &- left] * run.scale[column]
          }
        }
        output += panelWidth
      }
    }
  }
}
