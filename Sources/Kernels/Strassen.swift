import CIntrinsics

// One level of Strassen's product in Winograd's form: both matrices in quarters, seven products of quarters instead of eight.
//
//     S1 = A21 + A22   S2 = S1 - A11    S3 = A11 - A21   S4 = A12 - S2
//     T1 = B12 - B11   T2 = B22 - T1    T3 = B22 - B12   T4 = B21 - T2
//     U2 = A11 B11 + S2 T2              U3 = U2 + S3 T3
//     C11 = A11 B11 + A12 B21           C12 = U2 + S1 T1 + S4 B22
//     C21 = U3 + A22 T4                 C22 = U3 + S1 T1
//
// The rows of the upper half are the even pixels, those of the lower half the odd ones, so the pairs do not depend on
// how pixels are divided among threads. The depth is halved at a whole segment; the second half may be shorter. The
// left half of the columns is the first half of the column panels; a panel that is left over is multiplied directly.
// The error of one level is about 8 times that of the plain sum (Higham, "Accuracy and Stability of Numerical
// Algorithms", section 23.2.2), about 3e-6 of the largest output at a depth of 728.

/// The row panels of a block: the four quarters and the four sums.
public struct StrassenRows {
  /// `[A11, A12, A21, A22, S1, S2, S3, S4][tile][segment][tileRows][vectorWidth]`
  public var operands: UnsafeMutablePointer<Float>
  public var operandStride: Int
  /// Where each pixel is in its own operand; every other pixel is an even one.
  public var slots: UnsafePointer<Int>
  public var pairs: Range<Int>
  public var segments: Int
  public var segmentStride: Int

  public init(
    operands: UnsafeMutablePointer<Float>, operandStride: Int, slots: UnsafePointer<Int>, pairs: Range<Int>,
    segments: Int, segmentStride: Int
  ) {
    self.operands = operands
    self.operandStride = operandStride
    self.slots = slots
    self.pairs = pairs
    self.segments = segments
    self.segmentStride = segmentStride
  }
}

/// A block of packed pairs of pixels times packed weights.
public struct StrassenProduct {
  /// The product as if only the even pixels were multiplied: its rows are pairs, its row panel is `operands`, and its
  /// panels are unused.
  public var even: Product
  public var operandStride: Int
  /// The odd pixels: where they are, and how many there are, as the last pair may have none.
  public var oddOffsets: UnsafePointer<Int>
  public var oddResidualOffsets: UnsafePointer<Int>
  public var oddCount: Int
  /// The number of column panels; the first `panelCount / 2` are paired with the next `panelCount / 2`.
  public var panelCount: Int
  /// The pairs of column panels to multiply, and after the last pair the panel that is left over, if there is one.
  public var units: Range<Int>
  /// `[panelWidth]`
  public var zeros: UnsafePointer<Float>
  /// Room for T1 to T4 of one pair of column panels.
  public var factors: UnsafeMutablePointer<Float>
  /// Room for three register tiles.
  public var sums: UnsafeMutablePointer<Float>

  public init(
    even: Product, operandStride: Int, oddOffsets: UnsafePointer<Int>, oddResidualOffsets: UnsafePointer<Int>,
    oddCount: Int, panelCount: Int, units: Range<Int>, zeros: UnsafePointer<Float>,
    factors: UnsafeMutablePointer<Float>,
    sums: UnsafeMutablePointer<Float>
  ) {
    self.even = even
    self.operandStride = operandStride
    self.oddOffsets = oddOffsets
    self.oddResidualOffsets = oddResidualOffsets
    self.oddCount = oddCount
    self.panelCount = panelCount
    self.units = units
    self.zeros = zeros
    self.factors = factors
    self.sums = sums
  }
}

extension KernelSet {
  /// The first half of the depth: whole segments.
  @inlinable @inline(__always)
  public static func strassenHalf(of depth: Int) -> Int {
    (depth &+ 2 &* vectorWidth &- 1) / (2 &* vectorWidth) &* vectorWidth
  }
}

extension VectorUnit {
  /// Computes the sums S1 to S4 of some pairs of pixels.
  @inlinable @inline(never)
  public static func combine(_ rows: StrassenRows) {
    let stride = rows.operandStride
    for pair in rows.pairs {
      var place = rows.operands + rows.slots[2 &* pair]
      for _ in 0..<rows.segments {
        let a11 = load(place)
        let s1 = load(place + 2 &* stride) + load(place + 3 &* stride)
        let s2 = s1 - a11
        store(s1, place + 4 &* stride)
        store(s2, place + 5 &* stride)
        store(a11 - load(place + 2 &* stride), place + 6 &* stride)
        store(load(place + stride) - s2, place + 7 &* stride)
        place += rows.segmentStride
      }
    }
  }

  @inlinable @inline(never)
  public static func multiply(_ product: StrassenProduct) {
    let half = product.panelCount / 2
    for unit in product.units {
      if unit < half {
        multiplyPair(product, panel: unit, half: half)
      } else {
        multiplyLeftOver(product, panel: 2 &* half)
      }
    }
  }

  /// Two column panels, half of all panels apart.
  @inlinable @inline(__always)
  static func multiplyPair(_ product: StrassenProduct, panel: Int, half: Int) {
    let depth = product.even.depth
    let upper = strassenHalf(of: depth)
    let panelStride = depth &* panelWidth
    let b11 = product.even.columnPanels + panel &* panelStride
    let b12 = b11 + half &* panelStride
    combineColumns(product, b11, b12)
    let b21 = b11 + upper &* panelWidth
    let b22 = b12 + upper &* panelWidth
    let t1 = product.factors
    let t2 = t1 + upper &* panelWidth
    let t3 = t2 + upper &* panelWidth
    let t4 = t3 + upper &* panelWidth
    let x = product.sums
    let y = x + tileRows &* panelWidth
    let z = y + tileRows &* panelWidth
    let tileCount = (product.even.rowCount &+ tileRows &- 1) / tileRows
    for tile in product.even.tiles {
      let rows = share(tile, of: tileCount, product.even.rowCount)
      let run = StrassenTile(product, tile: tile, rows: rows, ahead: (b11 + panelStride, b12 + panelStride))
      prefetchOutput(product, rows, column: panel &* panelWidth)
      let left = panel &* panelWidth
      let right = (panel &+ half) &* panelWidth
      add(run, 0, next: 1, b11, upper, from: nil, to: x, part: 0)
      add(run, 1, next: 5, b21, depth &- upper, from: x, to: z, part: 1)
      finish(z, product, rows, isOdd: false, column: left)
      add(run, 5, next: 6, t2, upper, from: x, to: x, part: 2)
      add(run, 6, next: 3, t3, upper, from: x, to: y, part: 3)
      add(run, 3, next: 4, t4, depth &- upper, from: y, to: z, part: 4)
      finish(z, product, rows, isOdd: true, column: left)
      prefetchOutput(product, rows, column: right)
      add(run, 4, next: 7, t1, upper, from: nil, to: z, part: 5)
      for offset in stride(from: 0, to: rows.count &* panelWidth, by: panelWidth) {
        let sum = loadColumns(z + offset)
        store(loadColumns(y + offset) + sum, y + offset)
        store(loadColumns(x + offset) + sum, x + offset)
      }
      finish(y, product, rows, isOdd: true, column: right)
      add(run, 7, next: 0, b22, depth &- upper, from: x, to: x, part: 6)
      finish(x, product, rows, isOdd: false, column: right)
    }
  }

  @inlinable @inline(__always)
  static func multiplyLeftOver(_ product: StrassenProduct, panel: Int) {
    let depth = product.even.depth
    let upper = strassenHalf(of: depth)
    let b1 = product.even.columnPanels + panel &* depth &* panelWidth
    let b2 = b1 + upper &* panelWidth
    let tileCount = (product.even.rowCount &+ tileRows &- 1) / tileRows
    for tile in product.even.tiles {
      let rows = share(tile, of: tileCount, product.even.rowCount)
      let run = StrassenTile(
        product, tile: tile, rows: rows, ahead: (b1, b1), isNarrow: panel == product.even.narrowPanel)
      for parity in 0..<2 {
        add(run, 2 &* parity, next: 2 &* parity &+ 1, b1, upper, from: nil, to: product.sums, part: 0)
        add(
          run, 2 &* parity &+ 1, next: 2 &- 2 &* parity, b2, depth &- upper, from: product.sums, to: product.sums,
          part: 0)
        finish(product.sums, product, rows, isOdd: parity == 1, column: panel &* panelWidth)
      }
    }
  }

  /// T1 to T4 of a pair of column panels. Where the lower quarters have fewer rows, the missing ones count as zero.
  @inlinable @inline(__always)
  static func combineColumns(_ product: StrassenProduct, _ b11: UnsafePointer<Float>, _ b12: UnsafePointer<Float>) {
    let upper = strassenHalf(of: product.even.depth)
    let lower = product.even.depth &- upper
    let stride = upper &* panelWidth
    for k in 0..<upper {
      let row = k &* panelWidth
      let output = product.factors + row
      let right = loadColumns(b12 + row)
      let t1 = right - loadColumns(b11 + row)
      store(t1, output)
      guard k < lower else {
        store(Columns.zero - t1, output + stride)
        store(Columns.zero - right, output + 2 &* stride)
        continue
      }
      let b22 = loadColumns(b12 + (stride &+ row))
      let t2 = b22 - t1
      store(t2, output + stride)
      store(b22 - right, output + 2 &* stride)
      store(loadColumns(b11 + (stride &+ row)) - t2, output + 3 &* stride)
    }
  }

  /// Adds one of the seven products to a register tile in memory, and fetches the rows of the next one, whose operand is
  /// `next`: all operands of 361 pixels do not fit the second-level cache.
  @inlinable @inline(__always)
  static func add(
    _ run: borrowing StrassenTile, _ operand: Int, next: Int, _ columns: UnsafePointer<Float>, _ depth: Int,
    from start: UnsafePointer<Float>?, to sums: UnsafeMutablePointer<Float>, part: Int
  ) {
    let product = run.product
    // The tiles share the fetching of the next two panels: four of the seven products fetch the left one, three the
    // right one.
    let tiles = product.even.tiles.count
    let order = run.tile &- product.even.tiles.lowerBound
    let isLeft = part < 4
    let parts = tiles &* (isLeft ? 4 : 3)
    let panelFloats = product.even.depth &* panelWidth
    let aheadStep = (panelFloats &+ parts &* depth &- 1) / (parts &* depth)
    let isLast = run.tile &+ 1 == product.even.tiles.upperBound
    let nextTile = next > 0 ? run.tile : isLast ? product.even.tiles.lowerBound : run.tile &+ 1
    let ahead = (isLeft ? order &* 4 &+ part : order &* 3 &+ part &- 4) &* panelFloats / parts
    let place = TilePlace(
      rows: product.even.rowPanel + (operand &* product.operandStride &+ run.tile &* product.even.tileStride),
      columns: columns, depth: depth, ahead: (isLeft ? run.ahead.left : run.ahead.right) + ahead,
      aheadStep: aheadStep,
      nextRows: product.even.rowPanel + (next &* product.operandStride &+ nextTile &* product.even.tileStride),
      panel: 0, firstRow: 0, firstColumn: 0, origin: product.zeros, start: start, sums: sums)
    if run.isNarrow {
      tile(NarrowFloatTile<Self>.self, rows: run.rows.count, product.even, place)
    } else {
      tile(FloatTile<Self>.self, rows: run.rows.count, product.even, place)
    }
  }

  /// Fetches the lines of the output that a tile will write.
  @inlinable @inline(__always)
  static func prefetchOutput(_ product: borrowing StrassenProduct, _ rows: Range<Int>, column: Int) {
    let output = product.even.output + column
    for row in rows {
      for line in stride(from: 0, to: panelWidth, by: 16) {
        prefetch_to_write(output + (product.even.outputOffsets[row] &+ line))
        if row < product.oddCount { prefetch_to_write(output + (product.oddOffsets[row] &+ line)) }
      }
    }
  }

  /// Adds the bias and the residual to the even or the odd pixels of a tile, activates and stores them.
  @inlinable @inline(__always)
  static func finish(
    _ sums: UnsafePointer<Float>, _ product: StrassenProduct, _ rows: Range<Int>, isOdd: Bool, column: Int
  ) {
    let floor = Vector(repeating: product.even.activation.minimum)
    let ceiling = Vector(repeating: product.even.activation.maximum)
    let offsets = isOdd ? product.oddOffsets : product.even.outputOffsets
    let residualOffsets = isOdd ? product.oddResidualOffsets : product.even.residualOffsets
    let end = isOdd ? min(rows.upperBound, product.oddCount) : rows.upperBound
    for half in 0..<2 {
      let column = column &+ half &* vectorWidth
      let bias = load(product.even.bias + column)
      let output = product.even.output + column
      var values = sums + half &* vectorWidth
      for row in rows.lowerBound..<max(end, rows.lowerBound) {
        var sum = load(values) + bias
        if let residual = product.even.residual { sum += load(residual + (residualOffsets[row] &+ column)) }
        store(minimum(ceiling, maximum(floor, sum)), output + offsets[row])
        values += panelWidth
      }
    }
    guard product.even.activation.isFunction else { return }
    for row in rows.lowerBound..<max(end, rows.lowerBound) {
      let output = product.even.output + (offsets[row] &+ column)
      activate(ElementwiseRun(input: output, output: output, count: panelWidth), product.even.activation.activation)
    }
  }
}

/// One row tile of a pair of column panels.
@usableFromInline
struct StrassenTile {
  @usableFromInline var product: StrassenProduct
  @usableFromInline var tile: Int
  @usableFromInline var rows: Range<Int>
  /// The column panels that will be multiplied next.
  @usableFromInline var ahead: (left: UnsafePointer<Float>, right: UnsafePointer<Float>)
  @usableFromInline var isNarrow: Bool

  @inlinable @inline(__always)
  init(
    _ product: StrassenProduct, tile: Int, rows: Range<Int>,
    ahead: (left: UnsafePointer<Float>, right: UnsafePointer<Float>), isNarrow: Bool = false
  ) {
    self.product = product
    self.tile = tile
    self.rows = rows
    self.ahead = ahead
    self.isNarrow = isNarrow
  }
}
