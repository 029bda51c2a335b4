import CIntrinsics

/// A block of packed pixels times packed weights: `output = clamp(rows * columns + bias + residual)`.
public struct Product {
  /// The pixels, `[tile][segment][tileRows][vectorWidth]`: in each segment `vectorWidth` channels of each pixel.
  public var rowPanel: UnsafePointer<Float>
  /// From the row panel of one column panel to that of the next: 0 where all multiply the same rows.
  public var rowPanelStride: Int
  public var rowCount: Int
  /// The tiles of the panel that are multiplied; its rows are split evenly over `tileCount(rows:)` tiles.
  public var tiles: Range<Int>
  /// From one segment of the row panel to the next, and from one tile to the next.
  public var segmentStride: Int
  public var tileStride: Int
  /// The weights, `[panel][depth][panelWidth]`.
  public var columnPanels: UnsafePointer<Float>
  public var depth: Int
  /// The column panels that are multiplied.
  public var panels: Range<Int>
  /// `[panel][panelWidth]`
  public var bias: UnsafePointer<Float>
  public var output: UnsafeMutablePointer<Float>
  /// Where each row's first channel lies in the output.
  public var outputOffsets: UnsafePointer<Int>
  public var residual: UnsafePointer<Float>?
  public var residualOffsets: UnsafePointer<Int>
  public var floor: Float
  public var ceiling: Float

  public init(
    rowPanel: UnsafePointer<Float>, rowPanelStride: Int, rowCount: Int, tiles: Range<Int>, segmentStride: Int,
    tileStride: Int,
    columnPanels: UnsafePointer<Float>, depth: Int, panels: Range<Int>, bias: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, outputOffsets: UnsafePointer<Int>,
    residual: UnsafePointer<Float>?, residualOffsets: UnsafePointer<Int>, floor: Float, ceiling: Float
  ) {
    self.rowPanel = rowPanel
    self.rowPanelStride = rowPanelStride
    self.rowCount = rowCount
    self.tiles = tiles
    self.segmentStride = segmentStride
    self.tileStride = tileStride
    self.columnPanels = columnPanels
    self.depth = depth
    self.panels = panels
    self.bias = bias
    self.output = output
    self.outputOffsets = outputOffsets
    self.residual = residual
    self.residualOffsets = residualOffsets
    self.floor = floor
    self.ceiling = ceiling
  }
}

/// The range of part `index` of `count` things split evenly into `parts`.
@inlinable @inline(__always)
public func share(_ index: Int, of parts: Int, _ count: Int) -> Range<Int> {
  Range(uncheckedBounds: (count &* index / parts, count &* (index &+ 1) / parts))
}

/// Where one register tile lies in its product.
public struct TilePlace {
  /// The tile's part of the row panel and of the column panel.
  public var rows: UnsafePointer<Float>
  public var columns: UnsafePointer<Float>
  /// Weights that a later tile reads, `lines` cache lines of which this tile fetches in each segment.
  public var ahead: UnsafePointer<Float>
  public var lines: Int
  public var firstRow: Int
  public var firstColumn: Int

  @inlinable @inline(__always)
  init(
    rows: UnsafePointer<Float>, columns: UnsafePointer<Float>, ahead: UnsafePointer<Float>, lines: Int, firstRow: Int,
    firstColumn: Int
  ) {
    self.rows = rows
    self.columns = columns
    self.ahead = ahead
    self.lines = lines
    self.firstRow = firstRow
    self.firstColumn = firstColumn
  }
}

extension VectorUnit {
  /// Column panels outside, row tiles inside: a column panel is read from memory once and then from the first-level cache.
  @inlinable @inline(__always)
  public static func multiply(_ product: Product) {
    let panelStride = product.depth &* panelWidth
    let tileCount = (product.rowCount &+ tileRows &- 1) / tileRows
    let segments = (product.depth &+ vectorWidth &- 1) / vectorWidth
    // A segment of weights is 2 * vectorWidth * vectorWidth floats; the tiles share the fetching of the next panel.
    let segmentLines = panelWidth &* vectorWidth / 16
    let lines = (segmentLines &+ product.tiles.count &- 1) / product.tiles.count
    for panel in product.panels {
      let columns = product.columnPanels + panel &* panelStride
      for tile in product.tiles {
        let rows = share(tile, of: tileCount, product.rowCount)
        let order = tile &- product.tiles.lowerBound
        Self.tile(
          rows: rows.count, product,
          TilePlace(
            rows: product.rowPanel + (tile &* product.tileStride &+ panel &* product.rowPanelStride), columns: columns,
            ahead: columns + (panelStride &+ order &* segments &* lines &* 16), lines: lines,
            firstRow: rows.lowerBound, firstColumn: panel &* panelWidth))
      }
    }
  }

  /// A register tile: all the depth of `rows` pixels times two vectors of columns.
  ///
  /// A call of its own, whose loop keeps its sums in registers; `Tests/check-loops.py` reads the machine code.
  @inlinable @inline(never)
  public static func tile<let rows: Int>(
    _: InlineArray<rows, Vector>.Type, _ product: borrowing Product, _ place: borrowing TilePlace
  ) {
    var sums = InlineArray<rows, Columns>(repeating: .zero)
    var words = place.rows
    var columns = place.columns
    var ahead = place.ahead
    var left = product.depth
    // Values of an earlier layer have left the second-level cache; fetched at the end, they cost 3 % of a layer of 728 channels.
    if let residual = product.residual {
      for row in 0..<rows {
        let added = residual + (place.firstColumn &+ product.residualOffsets[place.firstRow &+ row])
        prefetch(added)
        prefetch(added + vectorWidth)
      }
    }
    while left > 0 {
      // A variable number of fetches costs more than it saves; six are the most that the smallest blocks need.
      for line in 0..<6 { prefetch(ahead + line &* 16) }
      ahead += place.lines &* 16
      for k in 0..<min(left, vectorWidth) {
        let weights = UnsafeRawPointer(columns).loadUnaligned(as: Columns.self)
        for row in 0..<rows {
          multiplyAdd(&sums[row], weights, Columns(repeating: words[row &* vectorWidth &+ k]))
        }
        columns += panelWidth
      }
      words += product.segmentStride
      left &-= vectorWidth
    }
    finish(sums, product, place)
  }

  /// Bias, residual, activation and store of a register tile.
  @inlinable @inline(__always)
  static func finish<let rows: Int>(
    _ sums: borrowing InlineArray<rows, Columns>, _ product: borrowing Product, _ place: borrowing TilePlace
  ) {
    let floor = Vector(repeating: product.floor)
    let ceiling = Vector(repeating: product.ceiling)
    let bias = UnsafeRawPointer(product.bias + place.firstColumn).loadUnaligned(as: Columns.self)
    let output = product.output + place.firstColumn
    let outputOffsets = product.outputOffsets + place.firstRow
    @inline(__always)
    func put(_ sum: Columns, _ row: Int) {
      let (low, high) = unsafeBitCast(sum, to: (Vector, Vector).self)
      store(minimum(ceiling, maximum(floor, low)), output + outputOffsets[row])
      store(minimum(ceiling, maximum(floor, high)), output + (outputOffsets[row] &+ vectorWidth))
    }
    if let residual = product.residual {
      let residual = residual + place.firstColumn
      let residualOffsets = product.residualOffsets + place.firstRow
      for row in 0..<rows {
        let added = UnsafeRawPointer(residual + residualOffsets[row]).loadUnaligned(as: Columns.self)
        put(sums[row] + bias + added, row)
      }
    } else {
      for row in 0..<rows { put(sums[row] + bias, row) }
    }
  }
}
