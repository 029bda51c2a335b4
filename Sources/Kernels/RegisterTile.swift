import CIntrinsics

/// How a register tile multiplies: what it loads from a column panel, and how it adds the product with a word of a row
/// panel.
///
/// One loop serves all. A tile of the full width and one of a panel whose last half vector is padding are two
/// arithmetics.
public protocol TileArithmetic {
  associatedtype Unit: VectorUnit
  /// A row of a column panel, in registers.
  associatedtype Weights
  /// A word of a row panel, in all lanes.
  associatedtype Word
  /// The sums of one row of the tile.
  associatedtype Sums
  /// What the sums are scaled and shifted by at the end.
  associatedtype Factors

  /// Whether finishing is unrolled for each row of each tile: where it takes few instructions and is worth the code
  /// size.
  static func finishesInRegisters(_ element: MapElementType) -> Bool
  /// From one row of a column panel to the next.
  static var weightStride: Int { get }
  static func weights(at address: UnsafePointer<Float>) -> Weights
  static func word(_ word: Float) -> Word
  static func multiplyAdd(_ sums: inout Sums, _ weights: Weights, _ word: Word)
  /// `[panel][panelWidth]`: the start of the sums of every row.
  static func origin(_ product: borrowing Product) -> UnsafePointer<Float>
  static func start(at address: UnsafePointer<Float>) -> Sums
  /// Sums in memory, `panelWidth` words.
  static func load(_ address: UnsafePointer<Float>) -> Sums
  static func columns(_ sums: Sums) -> Unit.Columns
  static func factors(_ product: borrowing Product, _ place: borrowing TilePlace) -> Factors
  /// The values of a row of the tile.
  static func values(_ sums: Sums, _ factors: Factors, row: Int) -> (Unit.Vector, Unit.Vector)
}

extension TileArithmetic {
  @inlinable @inline(__always)
  public static func start(at address: UnsafePointer<Float>) -> Sums { load(address) }

  /// A register tile: `rows` pixels times a column panel, over the whole depth. A function of its own, whose loop keeps
  /// its sums in registers; `Tests/check-loops.py` checks the machine code.
  @inlinable @inline(never)
  static func tile<let rows: Int>(
    _: InlineArray<rows, Unit.Vector>.Type, _ product: borrowing Product, _ place: borrowing TilePlace
  ) {
    var sums = InlineArray<rows, Sums>(repeating: start(at: place.origin))
    if let start = place.start {
      for row in 0..<rows { sums[row] = load(start + row &* Unit.panelWidth) }
    }
    // Six rows or fewer multiply too little to make up for more than one fetch in each step.
    if rows <= 6, place.fetchesOutput { Unit.prefetchOutput(rows: rows, product, place) }
    var output = OutputLines(rows: rows, product, place, width: Unit.outputWidth(product))
    var words = place.rows
    var columns = place.columns
    var ahead = place.ahead
    let aheadStep = place.aheadStep
    var nextRows = place.nextRows
    var left = place.depth
    // Two segments fetch the output's lines, long enough before the end: in all of them it was 12 of a step's 68 instructions.
    let mostLeft = min(left, 4 &* Unit.vectorWidth)
    while left > 0 {
      let fetchesOutput = place.fetchesOutput && left <= mostLeft && left > mostLeft &- 2 &* Unit.vectorWidth
      for k in 0..<min(left, Unit.vectorWidth) {
        // A line of each in every step: many at once hold up the loads of the next steps, so that two tiles reach 0.90 of
        // the peak instead of all of it.
        prefetch(ahead)
        if rows > 6 {
          prefetch(nextRows + k &* rows)
          if fetchesOutput { output.fetchNext() }
        }
        let weights = weights(at: columns)
        for row in 0..<rows { multiplyAdd(&sums[row], weights, word(words[row &* Unit.vectorWidth &+ k])) }
        columns += weightStride
        ahead += aheadStep
      }
      words += product.segmentStride
      nextRows += product.segmentStride
      output.turnToOtherLine()
      left &-= Unit.vectorWidth
    }
    finish(sums, product, place)
  }

  /// The sums of one pixel in some column panels, from that of `place` on, `[panel][panelWidth]`.
  @inlinable @inline(never)
  static func row<let panels: Int>(
    _: InlineArray<panels, Unit.Vector>.Type, _ product: borrowing Product, _ place: borrowing TilePlace,
    _ output: UnsafeMutablePointer<Float>
  ) {
    var sums = InlineArray<panels, Sums>(repeating: start(at: place.origin))
    for panel in 0..<panels { sums[panel] = start(at: place.origin + panel &* Unit.panelWidth) }
    let panelStride = product.depth &* weightStride
    var words = place.rows
    var columns = place.columns
    var left = place.depth
    while left > 0 {
      for k in 0..<min(left, Unit.vectorWidth) {
        let word = word(words[k])
        for panel in 0..<panels { multiplyAdd(&sums[panel], weights(at: columns + panel &* panelStride), word) }
        columns += weightStride
      }
      words += product.segmentStride
      left &-= Unit.vectorWidth
    }
    for panel in 0..<panels { Unit.store(self.columns(sums[panel]), output + panel &* Unit.panelWidth) }
  }

  /// Turns such sums of one panel into its output.
  @inlinable @inline(__always)
  static func finishRow(
    _ sums: UnsafeMutablePointer<Float>, _ product: borrowing Product, _ place: borrowing TilePlace
  ) {
    if product.activation.isFunction { return finishFunction(sums, rows: 1, product, place) }
    switch product.element {
    case .float32: finish(sums, rows: 1, product, place, FloatElement<Unit>.self)
    case .bfloat16: finish(sums, rows: 1, product, place, PackedElement<Unit>.self)
    }
  }

  /// Scales, adds the residual, activates and stores a register tile, or stores its sums unfinished.
  @inlinable @inline(__always)
  static func finish<let rows: Int>(
    _ sums: borrowing InlineArray<rows, Sums>, _ product: borrowing Product, _ place: borrowing TilePlace
  ) {
    if let output = place.sums {
      for row in 0..<rows { Unit.store(columns(sums[row]), output + row &* Unit.panelWidth) }
      return
    }
    switch product.element {
    case .float32: finish(sums, product, place, FloatElement<Unit>.self, inRegisters: finishesInRegisters(.float32))
    case .bfloat16: finish(sums, product, place, PackedElement<Unit>.self, inRegisters: finishesInRegisters(.bfloat16))
    }
  }

  @inlinable @inline(__always)
  static func finish<let rows: Int, Element: StoredElement>(
    _ sums: borrowing InlineArray<rows, Sums>, _ product: borrowing Product, _ place: borrowing TilePlace,
    _ element: Element.Type, inRegisters: Bool
  ) where Element.Unit == Unit {
    if inRegisters {
      finish(sums, product, place, element)
    } else {
      finishInMemory(copy sums, copy product, copy place, element)
    }
  }

  /// The same by way of memory, in a loop that all tiles share: unrolled for each of them it would be most of the code.
  @inlinable @inline(__always)
  static func finishInMemory<let rows: Int, Element: StoredElement>(
    _ sums: InlineArray<rows, Sums>, _ product: Product, _ place: TilePlace, _ element: Element.Type
  ) where Element.Unit == Unit {
    var stored = InlineArray<rows, Unit.Columns>(repeating: .zero)
    for row in 0..<rows { stored[row] = columns(sums[row]) }
    withUnsafePointer(to: stored) {
      finish(UnsafeRawPointer($0).assumingMemoryBound(to: Float.self), rows: rows, product, place, element)
    }
  }

  @inlinable @inline(never)
  static func finish<Element: StoredElement>(
    _ sums: UnsafePointer<Float>, rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace,
    _ element: Element.Type
  ) where Element.Unit == Unit {
    finish(rows: rows, product, place, element) { load(sums + $0 &* Unit.panelWidth) }
  }

  @inlinable @inline(__always)
  static func finish<Element: StoredElement>(
    rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace, _: Element.Type,
    sums: (_ row: Int) -> Sums
  ) where Element.Unit == Unit {
    let (least, most) = (product.activation.minimum, product.activation.maximum)
    finish(rows: rows, product, place, Element.self, sums: sums) { Unit.limited($0, least, most) }
  }

  @inlinable @inline(__always)
  static func finish<Element: StoredElement>(
    rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace, _: Element.Type,
    sums: (_ row: Int) -> Sums, activate: (Unit.Vector) -> Unit.Vector
  ) where Element.Unit == Unit {
    let factors = factors(product, place)
    let output = product.output + place.firstColumn
    let offsets = product.outputOffsets + place.firstRow
    let residualOffsets = product.residualOffsets + place.firstRow
    for row in 0..<rows {
      var (low, high) = values(sums(row), factors, row: row)
      if let residual = product.residual {
        let (lowAdded, highAdded) = Element.load(residual + (residualOffsets[row] &+ place.firstColumn))
        low += lowAdded
        high += highAdded
      }
      Element.store(activate(low), activate(high), output + offsets[row])
    }
  }

  @inlinable @inline(__always)
  static func finish<let rows: Int, Element: StoredElement>(
    _ sums: borrowing InlineArray<rows, Sums>, _ product: borrowing Product, _ place: borrowing TilePlace,
    _: Element.Type
  ) where Element.Unit == Unit {
    let factors = factors(product, place)
    let floor = Unit.Vector(repeating: product.activation.minimum)
    let output = product.output + place.firstColumn
    let offsets = product.outputOffsets + place.firstRow
    if let residual = product.residual {
      let residual = residual + place.firstColumn
      let residualOffsets = product.residualOffsets + place.firstRow
      for row in 0..<rows {
        let (low, high) = values(sums[row], factors, row: row)
        let (lowAdded, highAdded) = Element.load(residual + residualOffsets[row])
        Element.store(
          Unit.maximum(floor, low + lowAdded), Unit.maximum(floor, high + highAdded), output + offsets[row])
      }
      if product.activation.maximum < .infinity { Element.limit(rows: rows, product, place) }
    } else if product.activation.maximum < .infinity {
      let ceiling = Unit.Vector(repeating: product.activation.maximum)
      for row in 0..<rows {
        let (low, high) = values(sums[row], factors, row: row)
        Element.store(
          Unit.minimum(ceiling, Unit.maximum(floor, low)), Unit.minimum(ceiling, Unit.maximum(floor, high)),
          output + offsets[row])
      }
    } else {
      for row in 0..<rows {
        let (low, high) = values(sums[row], factors, row: row)
        Element.store(Unit.maximum(floor, low), Unit.maximum(floor, high), output + offsets[row])
      }
    }
  }
}

extension TileArithmetic {
  /// Turns the sums of a tile, `[row][panelWidth]`, into floats, applies the activation, and stores them: in one loop
  /// for what networks use most, else in place first.
  @inlinable @inline(never)
  static func finishFunction(
    _ sums: UnsafeMutablePointer<Float>, rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace
  ) {
    finishFunction(sums, rows: rows, product, place) { load(sums + $0 &* Unit.panelWidth) }
  }

  @inlinable @inline(__always)
  static func finishFunction(
    _ floats: UnsafeMutablePointer<Float>, rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace,
    sums: (_ row: Int) -> Sums
  ) {
    switch product.element {
    case .float32: finishFunction(floats, rows: rows, product, place, FloatElement<Unit>.self, sums: sums)
    case .bfloat16: finishFunction(floats, rows: rows, product, place, PackedElement<Unit>.self, sums: sums)
    }
  }

  @inlinable @inline(__always)
  static func finishFunction<Element: StoredElement>(
    _ floats: UnsafeMutablePointer<Float>, rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace,
    _: Element.Type, sums: (_ row: Int) -> Sums
  ) where Element.Unit == Unit {
    switch product.activation.activation {
    case .silu: return finish(rows: rows, product, place, Element.self, sums: sums) { Unit.silu($0) }
    case .hardSwish: return finish(rows: rows, product, place, Element.self, sums: sums) { Unit.hardSwish($0) }
    default: break
    }
    let factors = factors(product, place)
    let residualOffsets = product.residualOffsets + place.firstRow
    for row in 0..<rows {
      var (low, high) = values(sums(row), factors, row: row)
      if let residual = product.residual {
        let (lowAdded, highAdded) = Element.load(residual + (residualOffsets[row] &+ place.firstColumn))
        low += lowAdded
        high += highAdded
      }
      FloatElement<Unit>.store(low, high, floats + row &* Unit.panelWidth)
    }
    Unit.activate(
      ElementwiseRun(input: floats, output: floats, count: rows &* Unit.panelWidth), product.activation.activation)
    let output = product.output + place.firstColumn
    let offsets = product.outputOffsets + place.firstRow
    for row in 0..<rows {
      let (low, high) = FloatElement<Unit>.load(floats + row &* Unit.panelWidth)
      Element.store(low, high, output + offsets[row])
    }
  }
}

/// How `panelWidth` values of a pixel are stored in memory.
public protocol StoredElement {
  associatedtype Unit: VectorUnit
  static func load(_ address: UnsafePointer<Float>) -> (Unit.Vector, Unit.Vector)
  static func store(_ low: Unit.Vector, _ high: Unit.Vector, _ address: UnsafeMutablePointer<Float>)
}

extension StoredElement {
  /// Applies the upper limit to a tile that is already stored: hardly any network has one behind a residual.
  @inlinable @inline(never)
  static func limit(rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace) {
    let ceiling = Unit.Vector(repeating: product.activation.maximum)
    for row in 0..<rows {
      let output = product.output + (product.outputOffsets[place.firstRow &+ row] &+ place.firstColumn)
      let (low, high) = load(output)
      store(Unit.minimum(ceiling, low), Unit.minimum(ceiling, high), output)
    }
  }
}

public enum FloatElement<Unit: VectorUnit>: StoredElement {
  @inlinable @inline(__always)
  public static func load(_ address: UnsafePointer<Float>) -> (Unit.Vector, Unit.Vector) {
    (Unit.load(address), Unit.load(address + Unit.vectorWidth))
  }

  @inlinable @inline(__always)
  public static func store(_ low: Unit.Vector, _ high: Unit.Vector, _ address: UnsafeMutablePointer<Float>) {
    Unit.store(low, address)
    Unit.store(high, address + Unit.vectorWidth)
  }
}

public enum PackedElement<Unit: VectorUnit>: StoredElement {
  @inlinable @inline(__always)
  public static func load(_ address: UnsafePointer<Float>) -> (Unit.Vector, Unit.Vector) {
    let words = Unit.load(address)
    return (Unit.low(of: words), Unit.high(of: words))
  }

  @inlinable @inline(__always)
  public static func store(_ low: Unit.Vector, _ high: Unit.Vector, _ address: UnsafeMutablePointer<Float>) {
    Unit.store(Unit.packed(low, high), address)
  }
}
