import CIntrinsics

/// A block of packed pixels times packed weights: `output = clamp(bias + rows * columns + residual)`.
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
  /// The panel whose last half vector is padding, or -1.
  public var narrowPanel: Int
  /// `[panel][panelWidth]`
  public var bias: UnsafePointer<Float>
  public var output: UnsafeMutablePointer<Float>
  /// Where each row's first channel lies in the output.
  public var outputOffsets: UnsafePointer<Int>
  public var residual: UnsafePointer<Float>?
  public var residualOffsets: UnsafePointer<Int>
  public var floor: Float
  public var ceiling: Float
  public var arithmetic: Arithmetic
  /// How the output and the residual are stored; the offsets and `firstColumn` of a packed map count words.
  public var element: MapElement
  /// Of `int8` and `int8Weights`: a factor for each column, `[panel][panelWidth]`.
  public var columnScales: UnsafePointer<Float>?
  /// Of `int8`: where the sums start, `[panel][panelWidth]`. The row scales, by which rows are multiplied, lie behind the
  /// segments of each tile.
  public var starts: UnsafePointer<Int32>?

  public init(
    rowPanel: UnsafePointer<Float>, rowPanelStride: Int, rowCount: Int, tiles: Range<Int>, segmentStride: Int,
    tileStride: Int,
    columnPanels: UnsafePointer<Float>, depth: Int, panels: Range<Int>, narrowPanel: Int, bias: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, outputOffsets: UnsafePointer<Int>,
    residual: UnsafePointer<Float>?, residualOffsets: UnsafePointer<Int>, floor: Float, ceiling: Float,
    arithmetic: Arithmetic = .float32, element: MapElement = .float32, columnScales: UnsafePointer<Float>? = nil,
    starts: UnsafePointer<Int32>? = nil
  ) {
    self.arithmetic = arithmetic
    self.element = element
    self.columnScales = columnScales
    self.starts = starts
    self.rowPanel = rowPanel
    self.rowPanelStride = rowPanelStride
    self.rowCount = rowCount
    self.tiles = tiles
    self.segmentStride = segmentStride
    self.tileStride = tileStride
    self.columnPanels = columnPanels
    self.depth = depth
    self.panels = panels
    self.narrowPanel = narrowPanel
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

/// Where one register tile lies in its product, and where its sums begin and end.
public struct TilePlace {
  /// The tile's part of the row panel and of the column panel, and how many channels are multiplied.
  public var rows: UnsafePointer<Float>
  public var columns: UnsafePointer<Float>
  public var depth: Int
  /// Whether the column panel's last half vector is padding.
  public var isNarrow: Bool
  /// Weights that a later tile reads, `lines` cache lines of which this tile fetches in each segment.
  public var ahead: UnsafePointer<Float>
  public var lines: Int
  public var firstRow: Int
  public var firstColumn: Int
  /// `[panelWidth]`: what the sums of every row start from.
  public var bias: UnsafePointer<Float>
  /// `[row][panelWidth]`: what the sums start from instead, or nil.
  public var start: UnsafePointer<Float>?
  /// `[row][panelWidth]`: where the sums go, or nil to finish them in the output.
  public var sums: UnsafeMutablePointer<Float>?

  @inlinable @inline(__always)
  init(
    rows: UnsafePointer<Float>, columns: UnsafePointer<Float>, depth: Int, ahead: UnsafePointer<Float>, lines: Int,
    firstRow: Int, firstColumn: Int, isNarrow: Bool, bias: UnsafePointer<Float>, start: UnsafePointer<Float>? = nil,
    sums: UnsafeMutablePointer<Float>? = nil
  ) {
    self.rows = rows
    self.columns = columns
    self.depth = depth
    self.ahead = ahead
    self.lines = lines
    self.firstRow = firstRow
    self.firstColumn = firstColumn
    self.isNarrow = isNarrow
    self.bias = bias
    self.start = start
    self.sums = sums
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
            depth: product.depth, ahead: columns + (panelStride &+ order &* segments &* lines &* 16), lines: lines,
            firstRow: rows.lowerBound, firstColumn: panel &* panelWidth,
            isNarrow: panel == product.narrowPanel, bias: product.bias + panel &* panelWidth))
      }
    }
  }

  /// A register tile: all the depth of `rows` pixels times a column panel.
  @inlinable @inline(__always)
  public static func tile<let rows: Int>(
    _ shape: InlineArray<rows, Vector>.Type, _ product: borrowing Product, _ place: borrowing TilePlace
  ) {
    if place.isNarrow { narrowTile(shape, product, place) } else { wideTile(shape, product, place) }
  }

  /// A call of its own, whose loop keeps its sums in registers; `Tests/check-loops.py` reads the machine code.
  @inlinable @inline(never)
  static func wideTile<let rows: Int>(
    _: InlineArray<rows, Vector>.Type, _ product: borrowing Product, _ place: borrowing TilePlace
  ) {
    var sums = startingSums(InlineArray<rows, Vector>.self, place)
    if place.sums == nil { prefetchOutput(rows: rows, product, place) }
    var words = place.rows
    var columns = place.columns
    var ahead = place.ahead
    var left = place.depth
    while left > 0 {
      // A variable number of fetches costs more than it saves; six are the most that the smallest blocks need.
      for line in 0..<6 { prefetch(ahead + line &* 16) }
      ahead += place.lines &* 16
      for k in 0..<min(left, vectorWidth) {
        let weights = loadColumns(columns)
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

  /// The same for a column panel whose last half vector is padding: 728 columns are 22 panels and three quarters.
  @inlinable @inline(never)
  static func narrowTile<let rows: Int>(
    _: InlineArray<rows, Vector>.Type, _ product: borrowing Product, _ place: borrowing TilePlace
  ) {
    var sums = startingSums(InlineArray<rows, Vector>.self, place)
    var lows = InlineArray<rows, Vector>(repeating: .zero)
    var highs = InlineArray<rows, Half>(repeating: .zero)
    for row in 0..<rows {
      let (low, high, _) = unsafeBitCast(sums[row], to: (Vector, Half, Half).self)
      lows[row] = low
      highs[row] = high
    }
    if place.sums == nil { prefetchOutput(rows: rows, product, place) }
    var words = place.rows
    var columns = place.columns
    var ahead = place.ahead
    var left = place.depth
    while left > 0 {
      for line in 0..<6 { prefetch(ahead + line &* 16) }
      ahead += place.lines &* 16
      for k in 0..<min(left, vectorWidth) {
        let low = load(columns)
        let high = UnsafeRawPointer(columns + vectorWidth).loadUnaligned(as: Half.self)
        for row in 0..<rows {
          // Row by row: column by column LLVM would run out of registers.
          let word = inOrder(Vector(repeating: words[row &* vectorWidth &+ k]))
          multiplyAdd(&lows[row], low, word)
          multiplyAdd(&highs[row], high, unsafeBitCast(word, to: (Half, Half).self).0)
        }
        columns += panelWidth
      }
      words += product.segmentStride
      left &-= vectorWidth
    }
    for row in 0..<rows { sums[row] = unsafeBitCast((lows[row], highs[row], Half.zero), to: Columns.self) }
    finish(sums, product, place)
  }

  @inlinable @inline(__always)
  static func startingSums<let rows: Int>(
    _: InlineArray<rows, Vector>.Type, _ place: borrowing TilePlace
  ) -> InlineArray<rows, Columns> {
    var sums = InlineArray<rows, Columns>(repeating: loadColumns(place.bias))
    if let start = place.start {
      for row in 0..<rows { sums[row] = loadColumns(start + row &* panelWidth) }
    }
    return sums
  }

  /// Fetches the lines of the output that a tile will write, and of the residual, while it multiplies: fetched at the end
  /// they cost 1 % of the network, and 3 % of a layer with a residual.
  @inlinable @inline(__always)
  static func prefetchOutput(rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace) {
    let output = product.output + place.firstColumn
    let offsets = product.outputOffsets + place.firstRow
    for row in 0..<rows {
      for line in stride(from: 0, to: panelWidth, by: 16) { prefetch_to_write(output + (offsets[row] &+ line)) }
    }
    // Values of an earlier layer have left the second-level cache too.
    guard let residual = product.residual, residual != UnsafePointer(product.output) else { return }
    for row in 0..<rows {
      let added = residual + (place.firstColumn &+ product.residualOffsets[place.firstRow &+ row])
      for line in stride(from: 0, to: panelWidth, by: 16) { prefetch(added + line) }
    }
  }

  /// Residual, activation and store of a register tile, or its sums as they are.
  @inlinable @inline(__always)
  static func finish<let rows: Int>(
    _ sums: borrowing InlineArray<rows, Columns>, _ product: borrowing Product, _ place: borrowing TilePlace
  ) {
    if let output = place.sums {
      for row in 0..<rows { store(sums[row], output + row &* panelWidth) }
      return
    }
    let floor = Vector(repeating: product.floor)
    let output = product.output + place.firstColumn
    let offsets = product.outputOffsets + place.firstRow
    @inline(__always)
    func put(_ sum: Columns, _ row: Int) {
      let (low, high) = unsafeBitCast(sum, to: (Vector, Vector).self)
      store(maximum(floor, low), output + offsets[row])
      store(maximum(floor, high), output + (offsets[row] &+ vectorWidth))
    }
    if let residual = product.residual {
      let residual = residual + place.firstColumn
      let residualOffsets = product.residualOffsets + place.firstRow
      for row in 0..<rows { put(sums[row] + loadColumns(residual + residualOffsets[row]), row) }
    } else {
      for row in 0..<rows { put(sums[row], row) }
    }
    if product.ceiling < .infinity { limit(rows: rows, product, place) }
  }

  /// Applies the ceiling to a tile that is stored: few networks have one, and in registers it would cost all a little.
  @inlinable @inline(never)
  static func limit(rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace) {
    let ceiling = Vector(repeating: product.ceiling)
    for row in 0..<rows {
      let output = product.output + (product.outputOffsets[place.firstRow &+ row] &+ place.firstColumn)
      store(minimum(ceiling, load(output)), output)
      store(minimum(ceiling, load(output + vectorWidth)), output + vectorWidth)
    }
  }
}
