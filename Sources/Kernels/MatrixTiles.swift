import CIntrinsics

/// An instruction set with matrix registers (Intel AMX): 16 rows of 16 words each. A product's tile has 16 rows, and
/// two tiles at a time are multiplied by the 32 columns of a panel: four registers hold their sums, two the words of
/// their rows in one segment, and two those of the columns, which are in memory as vector kernels read them too.
///
/// Tiles are full except for the last one, and the depth is a whole number of segments (see
/// `KernelSet.usesMatrixRegisters`). Rows that a product does not have are multiplied too, whatever they hold, and
/// ignored.
public protocol MatrixTileUnit: BFloat16Unit {
  /// Prepares the registers for this thread. The system must have permitted the process to use them.
  static func configureTiles()
  static func releaseTiles()
  static func clearSums(_ count: TileCount)
  /// Loads a segment of one tile or of two, and `vectorWidth` rows of a column panel.
  static func load(
    _ count: TileCount, rows: UnsafePointer<Float>, more: UnsafePointer<Float>, columns: UnsafePointer<Float>)
  /// Adds the products of what is loaded, words of four bytes; the bytes of the rows are unsigned.
  static func multiplyBytes(_ count: TileCount)
  /// The same for words of two bf16 values.
  static func multiplyBFloat16s(_ count: TileCount)
  /// `[tile][row][panelWidth]`
  static func storeSums(_ count: TileCount, to sums: UnsafeMutablePointer<Float>)
}

/// How many tiles are multiplied at a time.
@frozen
public enum TileCount: Sendable {
  case one
  case two
}

/// How matrix registers multiply. Their sums start from zero: loading the start of vector sums, the same for each row,
/// would take longer than two segments of products.
public protocol MatrixTileArithmetic: TileArithmetic where Unit: MatrixTileUnit {
  static func multiply(_ count: TileCount)
  static func add(_ sums: Sums, _ origin: Sums) -> Sums
}

extension IntegerTile: MatrixTileArithmetic where Unit: MatrixTileUnit {
  @inlinable @inline(__always)
  public static func multiply(_ count: TileCount) { Unit.multiplyBytes(count) }

  @inlinable @inline(__always)
  public static func add(_ sums: Sums, _ origin: Sums) -> Sums { (sums.0 &+ origin.0, sums.1 &+ origin.1) }
}

extension BFloat16Tile: MatrixTileArithmetic where Unit: MatrixTileUnit {
  @inlinable @inline(__always)
  public static func multiply(_ count: TileCount) { Unit.multiplyBFloat16s(count) }

  @inlinable @inline(__always)
  public static func add(_ sums: Pair, _ origin: Pair) -> Pair { (sums.0 + origin.0, sums.1 + origin.1) }
}

extension MatrixTileUnit {
  /// The rows of a register, each of which is a vector.
  @inlinable
  public static var matrixRows: Int { vectorWidth }

  @inlinable
  public static func usesMatrixRegisters(_ arithmetic: Arithmetic) -> Bool {
    arithmetic == .int8 || arithmetic == .bfloat16
  }

  @inlinable @inline(__always)
  public static func multiplyBFloat16(_ product: Product) { multiplyTiles(product, BFloat16Tile<Self>.self) }

  @inlinable @inline(__always)
  public static func multiplyAddsOfBFloat16(_ count: Int) -> Float {
    multiplyAddsOfTiles(count, BFloat16Tile<Self>.self)
  }

  @inlinable @inline(__always)
  public static func multiplyTiles<Math: MatrixTileArithmetic>(_ product: Product, _ math: Math.Type)
  where Math.Unit == Self {
    switch product.element {
    case .float32: multiplyTiles(product, math, FloatElement<Self>.self)
    case .bfloat16: multiplyTiles(product, math, PackedElement<Self>.self)
    }
  }

  @inlinable @inline(never)
  static func multiplyTiles<Math: MatrixTileArithmetic, Element: StoredElement>(
    _ product: Product, _: Math.Type, _: Element.Type
  ) where Math.Unit == Self, Element.Unit == Self {
    configureTiles()
    let sums = product.tileSums!
    let panelStride = product.depth &* panelWidth
    let pairs = (product.tiles.count &+ 1) / 2
    // The tiles share the fetching of the next panel: in each segment so many of its 32 cache lines.
    let lines = (2 &* matrixRows &+ pairs &- 1) / pairs
    for panel in product.panels {
      let columns = product.columnPanels + panel &* panelStride
      var ahead = columns + panelStride
      for tile in stride(from: product.tiles.lowerBound, to: product.tiles.upperBound, by: 2) {
        let isPair = tile &+ 1 < product.tiles.upperBound
        if isPair {
          multiply(.two, product, tile, columns, ahead, lines, Math.self, to: sums)
        } else {
          multiply(.one, product, tile, columns, ahead, lines, Math.self, to: sums)
        }
        ahead += product.depth &* lines
        Math.finish(sums, tile: tile, panel: panel, product, Element.self)
        if isPair {
          Math.finish(sums + matrixRows &* panelWidth, tile: tile &+ 1, panel: panel, product, Element.self)
        }
      }
    }
    releaseTiles()
  }

  /// All the depth of one tile or of two, and their sums `[tile][row][panelWidth]`.
  @inlinable @inline(__always)
  static func multiply<Math: MatrixTileArithmetic>(
    _ count: TileCount, _ product: borrowing Product, _ tile: Int, _ columns: UnsafePointer<Float>,
    _ ahead: UnsafePointer<Float>, _ lines: Int, _: Math.Type, to sums: UnsafeMutablePointer<Float>
  ) where Math.Unit == Self {
    var rows = product.rowPanel + tile &* product.tileStride
    let tileStride = product.tileStride
    var (columns, ahead) = (columns, ahead)
    clearSums(count)
    for _ in 0..<product.depth / vectorWidth {
      load(count, rows: rows, more: rows + tileStride, columns: columns)
      Math.multiply(count)
      // As in register tiles: a few lines, which many pairs share, or all that a segment has.
      for line in 0..<4 { prefetch_panel(ahead + line &* 16) }
      if _slowPath(lines > 4) { for line in 4..<32 { prefetch_panel(ahead + line &* 16) } }
      rows += matrixRows &* vectorWidth
      columns += vectorWidth &* panelWidth
      ahead += lines &* 16
    }
    storeSums(count, to: sums)
  }

  /// See `KernelSet.multiplyAdds`: products of whole registers, four at a time.
  @inlinable @inline(never)
  public static func multiplyAddsOfTiles<Math: MatrixTileArithmetic>(_ count: Int, _: Math.Type) -> Float
  where Math.Unit == Self {
    configureTiles()
    for _ in 0..<12 &* count / (4 &* matrixRows &* vectorWidth) { Math.multiply(.two) }
    let sum = withUnsafeTemporaryAllocation(byteCount: 256 &* matrixRows, alignment: 64) { memory in
      let sums = memory.baseAddress!.assumingMemoryBound(to: Float.self)
      storeSums(.two, to: sums)
      return sums[0]
    }
    releaseTiles()
    return sum
  }
}

extension MatrixTileArithmetic {
  /// Adds the start and the residual to the rows of a tile, scales, activates and stores them.
  @inlinable @inline(__always)
  static func finish<Element: StoredElement>(
    _ sums: UnsafeMutablePointer<Float>, tile: Int, panel: Int, _ product: borrowing Product, _ element: Element.Type
  ) where Element.Unit == Unit {
    let outputWidth = product.element == .bfloat16 ? Unit.vectorWidth : Unit.panelWidth
    let columns = product.columnPanels
    let place = TilePlace(
      rows: product.rowPanel + tile &* product.tileStride, columns: columns, depth: product.depth, ahead: columns,
      aheadStep: 0, panel: panel, firstRow: tile &* Unit.matrixRows, firstColumn: panel &* outputWidth,
      origin: origin(product) + panel &* Unit.panelWidth)
    let origin = load(place.origin)
    let rows = min(Unit.matrixRows, product.rowCount &- place.firstRow)
    if product.activation.isFunction {
      finishFunction(sums, rows: rows, product, place, element) { add(load(sums + $0 &* Unit.panelWidth), origin) }
    } else {
      finish(rows: rows, product, place, element) { add(load(sums + $0 &* Unit.panelWidth), origin) }
    }
  }
}
