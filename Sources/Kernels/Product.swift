import CIntrinsics

/// A block of packed pixels times packed weights: `output = activation(bias + rows * columns + residual)`.
public struct Product {
  /// The pixels, `[tile][segment][tileRows][vectorWidth]`: in each segment `vectorWidth` words of each pixel. For
  /// `int8` the row scales follow the segments of each tile, `tileRows` floats padded to whole vectors.
  public var rowPanel: UnsafePointer<Float>
  /// From the row panel of one column panel to that of the next; 0 where all column panels are multiplied by the same
  /// rows.
  public var rowPanelStride: Int
  public var rowCount: Int
  /// The tiles of the panel that are multiplied; its rows are split evenly over `tileCount(rows:)` tiles.
  public var tiles: Range<Int>
  /// From one segment of the row panel to the next, and from one tile to the next.
  public var segmentStride: Int
  public var tileStride: Int
  /// The weights, `[panel][depth][columnWords]`; see `KernelSet.columnWords`.
  public var columnPanels: UnsafePointer<Float>
  /// In words; see `KernelSet.words`. Sums of `int8` are exact up to 65,000 channels.
  public var depth: Int
  /// The column panels that are multiplied.
  public var panels: Range<Int>
  /// The panel whose last half vector is padding, where there is one, and that whose last vector is.
  public var narrowPanel: Int?
  public var singlePanel: Int?
  /// `[panel][panelWidth]`
  public var bias: UnsafePointer<Float>
  public var output: UnsafeMutablePointer<Float>
  /// Where the first channel of each row is in the output.
  public var outputOffsets: UnsafePointer<Int>
  /// `[panel][row][panelWidth]`: where the sums go unfinished, instead of to the output, or nil.
  public var sums: UnsafeMutablePointer<Float>?
  /// For matrix registers, room for the sums of two tiles, `[tile][tileRows][panelWidth]`; else nil.
  public var tileSums: UnsafeMutablePointer<Float>?
  public var residual: UnsafePointer<Float>?
  public var residualOffsets: UnsafePointer<Int>
  public var activation: OutputActivation
  public var arithmetic: Arithmetic
  /// The element type of the output and the residual; the offsets and `firstColumn` of a packed map count words.
  public var element: MapElementType
  /// For `int8` and `int8Weights`: a factor for each column, `[panel][panelWidth]`.
  public var columnScales: UnsafePointer<Float>?
  /// For `int8`: where the sums start, `[panel][panelWidth]`.
  public var starts: UnsafePointer<Int32>?

  public init(
    rowPanel: UnsafePointer<Float>, rowPanelStride: Int, rowCount: Int, tiles: Range<Int>, segmentStride: Int,
    tileStride: Int,
    columnPanels: UnsafePointer<Float>, depth: Int, panels: Range<Int>, narrowPanel: Int?, singlePanel: Int? = nil,
    bias: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, outputOffsets: UnsafePointer<Int>,
    residual: UnsafePointer<Float>?, residualOffsets: UnsafePointer<Int>, activation: Activation,
    arithmetic: Arithmetic = .float32, element: MapElementType = .float32, columnScales: UnsafePointer<Float>? = nil,
    starts: UnsafePointer<Int32>? = nil, sums: UnsafeMutablePointer<Float>? = nil,
    tileSums: UnsafeMutablePointer<Float>? = nil
  ) {
    self.sums = sums
    self.tileSums = tileSums
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
    self.singlePanel = singlePanel
    self.bias = bias
    self.output = output
    self.outputOffsets = outputOffsets
    self.residual = residual
    self.residualOffsets = residualOffsets
    self.activation = OutputActivation(activation)
  }
}

/// The range of part `index` when `count` things are split evenly into `parts`.
@inlinable @inline(__always)
public func share(_ index: Int, of parts: Int, _ count: Int) -> Range<Int> {
  Range(uncheckedBounds: (count &* index / parts, count &* (index &+ 1) / parts))
}

/// The parts of `share` one after the other, without a division for each: with three for each tile, what calls the tiles took
/// 1.7 % of MobileNetV2's time instead of 1.3.
public struct Shares {
  @usableFromInline let least: Int
  @usableFromInline let rest: Int
  @usableFromInline let parts: Int
  @usableFromInline var lower: Int
  @usableFromInline var fraction: Int

  /// - Parameter first: The part that comes first.
  @inlinable @inline(__always)
  public init(of parts: Int, _ count: Int, first: Int) {
    self.parts = parts
    (least, rest) = (count / parts, count % parts)
    lower = share(first, of: parts, count).lowerBound
    fraction = rest &* first % parts
  }

  @inlinable @inline(__always)
  public mutating func next() -> Range<Int> {
    let first = lower
    lower &+= least
    fraction &+= rest
    if fraction >= parts {
      fraction &-= parts
      lower &+= 1
    }
    return Range(uncheckedBounds: (first, lower))
  }
}

/// Where one register tile is in its product, and where its sums begin and end.
public struct TilePlace {
  /// The tile's part of the row panel and of the column panel, and the number of words that are multiplied.
  public var rows: UnsafePointer<Float>
  public var columns: UnsafePointer<Float>
  public var depth: Int
  /// Weights that a later tile reads; this one fetches `aheadStep` floats of them for each word of its depth.
  public var ahead: UnsafePointer<Float>
  public var aheadStep: Int
  /// The rows of the next tile, which this one fetches.
  public var nextRows: UnsafePointer<Float>
  public var panel: Int
  public var firstRow: Int
  /// Counts words of the output.
  public var firstColumn: Int
  /// `[panelWidth]`: the start of the sums of every row.
  public var origin: UnsafePointer<Float>
  /// `[row][panelWidth]`: the start of the sums instead, or nil.
  public var start: UnsafePointer<Float>?
  /// `[row][panelWidth]`: where the sums go, or nil to finish them in the output.
  public var sums: UnsafeMutablePointer<Float>?
  /// Whether the tile fetches what its product's output and residual have in its place.
  public var fetchesOutput: Bool

  @inlinable @inline(__always)
  init(
    rows: UnsafePointer<Float>, columns: UnsafePointer<Float>, depth: Int, ahead: UnsafePointer<Float>, aheadStep: Int,
    nextRows: UnsafePointer<Float>? = nil, panel: Int, firstRow: Int, firstColumn: Int, origin: UnsafePointer<Float>,
    start: UnsafePointer<Float>? = nil, sums: UnsafeMutablePointer<Float>? = nil
  ) {
    self.nextRows = nextRows ?? rows
    self.rows = rows
    self.columns = columns
    self.depth = depth
    self.ahead = ahead
    self.aheadStep = aheadStep
    self.panel = panel
    self.firstRow = firstRow
    self.firstColumn = firstColumn
    self.origin = origin
    self.start = start
    self.sums = sums
    self.fetchesOutput = sums == nil
  }
}

extension VectorUnit {
  @inlinable @inline(__always)
  public static func multiply(_ product: Product) {
    switch product.arithmetic {
    case .float32:
      multiply(
        product, FloatTile<Self>.self, narrow: NarrowFloatTile<Self>.self, single: SingleFloatTile<Self>.self)
    case .bfloat16: multiplyBFloat16(product)
    case .bfloat16Weights:
      multiply(product, WidenedTile<Self>.self, narrow: WidenedTile<Self>.self, single: WidenedTile<Self>.self)
    case .int8: multiplyIntegers(product)
    case .int16: multiplyShorts(product)
    case .int8Weights: multiplyRow(product, ByteWeightsTile<Self>.self)
    }
  }

  /// Half a vector of bytes pays only where the product is one instruction.
  @inlinable @inline(__always)
  public static func multiplyIntegers(_ product: Product) {
    if channelsPerByteWord == 4 {
      multiply(
        product, IntegerTile<Self>.self, narrow: NarrowIntegerTile<Self>.self, single: SingleIntegerTile<Self>.self)
    } else {
      multiply(product, IntegerTile<Self>.self, narrow: IntegerTile<Self>.self, single: SingleIntegerTile<Self>.self)
    }
  }

  @inlinable @inline(__always)
  public static func multiplyShorts(_ product: Product) {
    multiply(product, ShortTile<Self>.self, narrow: ShortTile<Self>.self, single: SingleShortTile<Self>.self)
  }

  @inlinable
  public static func multiplyBFloat16(_ product: Product) {
    preconditionFailure("this instruction set has no products of bf16")
  }

  @inlinable @inline(__always)
  static func multiply<Wide: TileArithmetic, Narrow: TileArithmetic, Single: TileArithmetic>(
    _ product: Product, _ wide: Wide.Type, narrow: Narrow.Type, single: Single.Type
  ) where Wide.Unit == Self, Narrow.Unit == Self, Single.Unit == Self {
    if product.rowCount == 1, product.sums == nil { return multiplyRow(product, wide) }
    if product.activation.isFunction { return multiplyInMemory(product, wide, narrow: narrow, single: single) }
    forEachTile(of: product, wide, sums: product.sums) { rows, place in
      if place.panel == product.singlePanel {
        tile(single, rows: rows, product, place)
      } else if place.panel == product.narrowPanel {
        tile(narrow, rows: rows, product, place)
      } else {
        tile(wide, rows: rows, product, place)
      }
    }
  }

  /// The same with each tile's sums in memory, where the activation is applied.
  @inlinable @inline(never)
  static func multiplyInMemory<Wide: TileArithmetic, Narrow: TileArithmetic, Single: TileArithmetic>(
    _ product: Product, _ wide: Wide.Type, narrow: Narrow.Type, single: Single.Type
  ) where Wide.Unit == Self, Narrow.Unit == Self, Single.Unit == Self {
    // The largest tile of all instruction sets is 14 x 32.
    var memory = InlineArray<448, Float>(repeating: 0)
    withUnsafeMutablePointer(to: &memory) { memory in
      let sums = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Float.self)
      forEachTile(of: product, wide, sums: nil) { rows, place in
        var place = copy place
        place.sums = sums
        if place.panel == product.singlePanel {
          tile(single, rows: rows, product, place)
          single.finishFunction(sums, rows: rows, product, place)
        } else if place.panel == product.narrowPanel {
          tile(narrow, rows: rows, product, place)
          narrow.finishFunction(sums, rows: rows, product, place)
        } else {
          tile(wide, rows: rows, product, place)
          wide.finishFunction(sums, rows: rows, product, place)
        }
      }
    }
  }

  /// A product of one row, by four column panels at a time where there are as many: the weights are read once, from
  /// beyond the second-level cache, and what the processor itself fetches ahead of four streams comes twice as fast as
  /// what tiles fetch of the next panel.
  @inlinable @inline(never)
  static func multiplyRow<Math: TileArithmetic>(_ product: Product, _ math: Math.Type)
  where Math.Unit == Self {
    let outputWidth = outputWidth(product)
    let panelStride = product.depth &* Math.weightStride
    let origin = Math.origin(product)
    let row = product.rowPanel + product.tiles.lowerBound &* product.tileStride
    // Four times the widest panel of all instruction sets.
    var memory = InlineArray<128, Float>(repeating: 0)
    withUnsafeMutablePointer(to: &memory) { memory in
      let sums = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Float.self)
      @inline(__always)
      func place(_ panel: Int) -> TilePlace {
        let columns = product.columnPanels + panel &* panelStride
        return TilePlace(
          rows: row + panel &* product.rowPanelStride, columns: columns, depth: product.depth, ahead: columns,
          aheadStep: 0, panel: panel, firstRow: 0, firstColumn: panel &* outputWidth,
          origin: origin + panel &* panelWidth)
      }
      var panel = product.panels.lowerBound
      while panel < product.panels.upperBound {
        let isQuad = product.rowPanelStride == 0 && panel &+ 4 <= product.panels.upperBound
        if isQuad {
          math.row(InlineArray<4, Vector>.self, product, place(panel), sums)
        } else {
          math.row(InlineArray<1, Vector>.self, product, place(panel), sums)
        }
        for index in 0..<(isQuad ? 4 : 1) {
          math.finishRow(sums + index &* panelWidth, product, place(panel &+ index))
        }
        panel &+= isQuad ? 4 : 1
      }
    }
  }

  /// Column panels in the outer loop, row tiles in the inner one: a column panel is read from memory once and then from
  /// the first-level cache.
  @inlinable @inline(__always)
  static func forEachTile<Math: TileArithmetic>(
    of product: borrowing Product, _: Math.Type, sums: UnsafeMutablePointer<Float>?,
    _ body: (_ rows: Int, _ place: borrowing TilePlace) -> Void
  ) where Math.Unit == Self {
    let panelStride = product.depth &* Math.weightStride
    let outputWidth = outputWidth(product)
    let tileCount = (product.rowCount &+ tileRows &- 1) / tileRows
    // The tiles share the fetching of the next panel.
    let aheadStep = (Math.weightStride &+ product.tiles.count &- 1) / product.tiles.count
    let aheadShare = panelStride / product.tiles.count
    let origin = Math.origin(product)
    let rowCount = product.rowCount
    let firstShare = Shares(of: tileCount, rowCount, first: product.tiles.lowerBound)
    for panel in product.panels {
      let columns = product.columnPanels + panel &* panelStride
      let rowPanel = product.rowPanel + panel &* product.rowPanelStride
      var shares = firstShare
      var ahead = columns + panelStride
      for tile in product.tiles {
        let rows = shares.next()
        let nextRows =
          tile &+ 1 < product.tiles.upperBound
          ? rowPanel + (tile &+ 1) &* product.tileStride
          : rowPanel + (product.rowPanelStride &+ product.tiles.lowerBound &* product.tileStride)
        body(
          rows.count,
          TilePlace(
            rows: rowPanel + tile &* product.tileStride, columns: columns, depth: product.depth,
            ahead: ahead, aheadStep: aheadStep, nextRows: nextRows, panel: panel, firstRow: rows.lowerBound,
            firstColumn: panel &* outputWidth, origin: origin + panel &* panelWidth,
            sums: sums.map { $0 + (panel &* rowCount &+ rows.lowerBound) &* panelWidth }))
        ahead += aheadShare
      }
    }
  }

  /// The words of a column panel's output.
  @inlinable @inline(__always)
  static func outputWidth(_ product: borrowing Product) -> Int {
    product.element == .bfloat16 ? vectorWidth : panelWidth
  }

  /// Fetches the lines of the output that a tile will write, and of the residual, while it multiplies: waiting for them
  /// at the end costs 1 % of the network, and 3 % of a layer with a residual.
  @inlinable @inline(__always)
  static func prefetchOutput(rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace) {
    let output = product.output + place.firstColumn
    let offsets = product.outputOffsets + place.firstRow
    let width = outputWidth(product)
    for row in 0..<rows {
      prefetch_to_write(output + offsets[row])
      for line in stride(from: 16, to: width, by: 16) { prefetch_to_write(output + (offsets[row] &+ line)) }
    }
    // By now the values of an earlier layer have left the second-level cache too.
    guard let residual = product.residual, residual != UnsafePointer(product.output) else { return }
    for row in 0..<rows {
      let added = residual + (place.firstColumn &+ product.residualOffsets[place.firstRow &+ row])
      for line in stride(from: 0, to: width, by: 16) { prefetch(added + line) }
    }
  }
}
