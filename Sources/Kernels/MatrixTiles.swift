import CIntrinsics

/// An instruction set with registers for matrices (Intel AMX): 16 rows of 16 words each. A product's tile has 16 rows, and
/// two of them are multiplied at a time with the 32 columns of a panel: four registers hold their sums, two the words of
/// their rows in one segment, and two those of the columns, which lie in memory as vectors take them too.
///
/// The depth is a whole number of segments (see `KernelSet.multipliesWholeSegments`). The rows of a tile that a product does
/// not have are multiplied as well, whatever they hold, and left.
public protocol MatrixTileUnit: BFloat16Unit {
  /// Takes the registers for this thread, all zero. The system must have permitted the process to use them.
  static func configureTiles()
  static func releaseTiles()
  /// Lets the sums of each row start from the same `panelWidth` words.
  static func startSums(_ count: TileCount, from words: UnsafePointer<Float>)
  /// Loads a segment of one tile or of two, and `vectorWidth` rows of a column panel.
  static func load(
    _ count: TileCount, rows: UnsafePointer<Float>, more: UnsafePointer<Float>, columns: UnsafePointer<Float>)
  /// Adds the products of what is loaded: of words of four bytes, those of the rows unsigned.
  static func multiplyBytes(_ count: TileCount)
  /// The same of words of two bf16 values.
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

/// How matrix registers multiply.
public protocol MatrixTileArithmetic: TileArithmetic where Unit: MatrixTileUnit {
  static func multiply(_ count: TileCount)
}

extension IntegerTile: MatrixTileArithmetic where Unit: MatrixTileUnit {
  @inlinable @inline(__always)
  public static func multiply(_ count: TileCount) { Unit.multiplyBytes(count) }
}

extension BFloat16Tile: MatrixTileArithmetic where Unit: MatrixTileUnit {
  @inlinable @inline(__always)
  public static func multiply(_ count: TileCount) { Unit.multiplyBFloat16s(count) }
}

/// The tiles that were multiplied last, until their sums are finished.
@usableFromInline
struct UnfinishedTiles {
  /// `[tile][row][panelWidth]`
  @usableFromInline var sums: UnsafePointer<Float>
  @usableFromInline var first: TilePlace
  @usableFromInline var second: TilePlace
  /// The rows of the first tile and of the second, 0 where there is none.
  @usableFromInline var firstRows: Int
  @usableFromInline var secondRows: Int
  /// The rows of both that are finished.
  @usableFromInline var done = 0

  @inlinable @inline(__always)
  init(
    sums: UnsafePointer<Float>, _ first: (rows: Int, place: TilePlace), _ second: (rows: Int, place: TilePlace)
  ) {
    self.sums = sums
    (firstRows, self.first) = first
    (secondRows, self.second) = second
  }
}

extension MatrixTileUnit {
  /// The rows of a tile of matrix registers, of which each is a vector.
  @inlinable
  public static var matrixRows: Int { vectorWidth }

  @inlinable
  public static func multipliesWholeSegments(_ arithmetic: Arithmetic) -> Bool {
    arithmetic == .int8 || arithmetic == .bfloat16
  }

  @inlinable @inline(__always)
  public static func multiplyTiles<Math: MatrixTileArithmetic>(_ product: Product, _ math: Math.Type)
  where Math.Unit == Self {
    switch product.element {
    case .float32: multiplyTiles(product, math, FloatElement<Self>.self)
    case .bfloat16: multiplyTiles(product, math, PackedElement<Self>.self)
    }
  }

  /// Multiplies two tiles after the other; while the matrix registers multiply, the vector unit finishes the sums of the two
  /// before.
  @inlinable @inline(never)
  static func multiplyTiles<Math: MatrixTileArithmetic, Element: StoredElement>(
    _ product: Product, _: Math.Type, _: Element.Type
  ) where Math.Unit == Self, Element.Unit == Self {
    configureTiles()
    var memory = InlineArray<64, Columns>(repeating: .zero)
    withUnsafeMutablePointer(to: &memory) { memory in
      let memory = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Float.self)
      let grid = TileGrid<Math>(product)
      var (sums, otherSums) = (memory, memory + 2 &* matrixRows &* panelWidth)
      var last: UnfinishedTiles?
      for panel in product.panels {
        var tile = product.tiles.lowerBound
        while tile < product.tiles.upperBound {
          let first = grid.place(tile, panel, product)
          let isPair = tile &+ 1 < product.tiles.upperBound
          let second = isPair ? grid.place(tile &+ 1, panel, product) : (rows: 0, place: first.place)
          prefetchOutput(rows: first.rows, product, first.place)
          prefetchOutput(rows: second.rows, product, second.place)
          if isPair {
            multiply(.two, first.place, second.place, to: sums, Math.self, grid) {
              Math.finish(&last, rows: $0, product, Element.self)
            }
          } else {
            multiply(.one, first.place, second.place, to: sums, Math.self, grid) {
              Math.finish(&last, rows: $0, product, Element.self)
            }
          }
          Math.finish(&last, rows: .max, product, Element.self)
          last = UnfinishedTiles(sums: sums, first, second)
          swap(&sums, &otherSums)
          tile &+= 2
        }
      }
      Math.finish(&last, rows: .max, product, Element.self)
    }
    releaseTiles()
  }

  /// All the depth of one tile or of two, and `meanwhile` with so many rows to finish in each segment.
  @inlinable @inline(__always)
  static func multiply<Math: MatrixTileArithmetic>(
    _ count: TileCount, _ first: borrowing TilePlace, _ second: borrowing TilePlace,
    to sums: UnsafeMutablePointer<Float>, _: Math.Type, _ grid: TileGrid<Math>, meanwhile: (_ rows: Int) -> Void
  ) where Math.Unit == Self {
    var (rows, more, columns) = (first.rows, second.rows, first.columns)
    var (ahead, moreAhead) = (first.ahead, second.ahead)
    let finished = (2 &* matrixRows &+ grid.segments &- 1) / grid.segments
    startSums(count, from: first.origin)
    for _ in 0..<grid.segments {
      load(count, rows: rows, more: more, columns: columns)
      Math.multiply(count)
      for line in 0..<grid.lines { prefetch(ahead + line &* 16) }
      if count == .two { for line in 0..<grid.lines { prefetch(moreAhead + line &* 16) } }
      meanwhile(finished)
      rows += matrixRows &* vectorWidth
      more += matrixRows &* vectorWidth
      columns += vectorWidth &* panelWidth
      ahead += grid.lines &* 16
      moreAhead += grid.lines &* 16
    }
    storeSums(count, to: sums)
  }
}

extension MatrixTileArithmetic {
  /// Finishes so many rows more of what is left, if anything is.
  @inlinable @inline(__always)
  static func finish<Element: StoredElement>(
    _ tiles: inout UnfinishedTiles?, rows: Int, _ product: borrowing Product, _ element: Element.Type
  ) where Element.Unit == Unit {
    guard var last = tiles else { return }
    let all = last.firstRows &+ last.secondRows
    let end = rows < all &- last.done ? last.done &+ rows : all
    if last.done < min(end, last.firstRows) {
      finish(last.sums, rows: last.done..<min(end, last.firstRows), product, last.first, element)
    }
    if max(last.done, last.firstRows) < end {
      finish(
        last.sums + Unit.matrixRows &* Unit.panelWidth,
        rows: max(last.done, last.firstRows) &- last.firstRows..<end &- last.firstRows, product, last.second, element)
    }
    last.done = end
    tiles = end < all ? last : nil
  }
}

extension MatrixTileUnit {
  /// See `KernelSet.multiplyAdds`: products of whole registers, four at a time.
  @inlinable @inline(never)
  public static func multiplyAddsOfTiles<Math: MatrixTileArithmetic>(_ count: Int, _: Math.Type) -> Float
  where Math.Unit == Self {
    configureTiles()
    for _ in 0..<12 &* count / (4 &* matrixRows &* vectorWidth) { Math.multiply(.two) }
    var sums = InlineArray<32, Columns>(repeating: .zero)
    withUnsafeMutablePointer(to: &sums) {
      storeSums(.two, to: UnsafeMutableRawPointer($0).assumingMemoryBound(to: Float.self))
    }
    releaseTiles()
    return sums[0][0]
  }
}
