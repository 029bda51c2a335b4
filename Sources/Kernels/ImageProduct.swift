/// A convolution of an image, one row of its output: the tiles read the image's rows where they are, and no row panel
/// is made of the windows.
///
/// The image has three channels, unpadded, and every pixel or every second one has a window: neighbouring windows begin
/// `step` values apart.
public struct ImageProduct {
  /// For each row of the window, the words of the image's row from the first window on. For `float32` they are its
  /// values; for `int16`, where every second word counts, see `ImageWords`.
  public var inputs: UnsafePointer<UnsafePointer<Float>>
  public var inputRows: Int
  /// One of `steps`.
  public var step: Int
  /// The words of a row of a window that are multiplied, and how far apart they are.
  public var rowWords: Int
  public var wordStride: Int
  /// For `int16`, the scale of the row's integers, `tileRows` times.
  public var scales: UnsafePointer<Float>
  /// The weights, the output and what else a product has. Its rows are the pixels of the output's row, at least
  /// `tileRows`; it has no row panel and no residual, its arithmetic is `float32` or `int16`.
  public var product: Product

  public init(
    inputs: UnsafePointer<UnsafePointer<Float>>, inputRows: Int, step: Int, rowWords: Int, wordStride: Int,
    scales: UnsafePointer<Float>, product: Product
  ) {
    self.inputs = inputs
    self.inputRows = inputRows
    self.step = step
    self.rowWords = rowWords
    self.wordStride = wordStride
    self.scales = scales
    self.product = product
  }

  public static var steps: [Int] { [3, 6] }
}

/// Rows of an image as words for products of `int16`: the word of each value has its integer in the low half, and that
/// of the value behind it in the high half. Where a window begins at any value, every second word from there on has
/// its values in pairs.
///
/// All rows have one scale, as `QuantizeRun` defines it.
public struct ImageWords {
  /// Each has `count` values; up to a vector and one more behind them must be readable, whatever they are.
  public var inputs: UnsafePointer<UnsafePointer<Float>>
  public var rows: Int
  public var count: Int
  /// What the largest magnitude becomes.
  public var limit: Float
  /// `[row][wordStride]`, whole vectors.
  public var words: UnsafeMutablePointer<Float>
  public var wordStride: Int
  /// Where the scale goes, `tileRows` times, padded to whole vectors.
  public var scales: UnsafeMutablePointer<Float>

  public init(
    inputs: UnsafePointer<UnsafePointer<Float>>, rows: Int, count: Int, limit: Float,
    words: UnsafeMutablePointer<Float>, wordStride: Int, scales: UnsafeMutablePointer<Float>
  ) {
    self.inputs = inputs
    self.rows = rows
    self.count = count
    self.limit = limit
    self.words = words
    self.wordStride = wordStride
    self.scales = scales
  }
}

extension VectorUnit {
  @inlinable @inline(never)
  public static func pack(_ run: ImageWords) {
    var top: Int32 = 0
    for row in 0..<run.rows { top = max(top, largestMagnitude(run.inputs[row], run.count)) }
    let largest = Float(bitPattern: UInt32(bitPattern: top))
    let (up, down) = factors(of: Vector(repeating: largest), limit: run.limit)
    for row in stride(from: 0, to: tileRows, by: vectorWidth) { store(down, run.scales + row) }
    for row in 0..<run.rows {
      let input = run.inputs[row]
      let words = run.words + row &* run.wordStride
      for offset in stride(from: 0, to: run.count, by: vectorWidth) {
        store(integers(up, lanes: 2, shift: 0) { load(input + (offset &+ $0)) }, words + offset)
      }
    }
  }

  @inlinable @inline(never)
  public static func multiply(_ image: ImageProduct) {
    if image.product.arithmetic == .int16 {
      multiplyShorts(image)
    } else {
      multiply(image, FloatTile<Self>.self, single: SingleFloatTile<Self>.self)
    }
  }

  @inlinable @inline(__always)
  public static func multiplyShorts(_ image: ImageProduct) {
    multiply(image, ShortTile<Self>.self, single: SingleShortTile<Self>.self)
  }

  /// The step is a constant of each tile's code.
  @inlinable @inline(__always)
  static func multiply<Wide: TileArithmetic, Single: TileArithmetic>(
    _ image: ImageProduct, _ wide: Wide.Type, single: Single.Type
  ) where Wide.Unit == Self, Single.Unit == Self {
    switch image.step {
    case 3: multiply(image, InlineArray<3, Vector>.self, wide, single: single)
    case 6: multiply(image, InlineArray<6, Vector>.self, wide, single: single)
    default: preconditionFailure("there is no step of \(image.step)")
    }
  }

  /// All tiles are full: the last one of a row makes some pixels again that another one has made.
  @inlinable @inline(__always)
  static func multiply<Wide: TileArithmetic, Single: TileArithmetic, let step: Int>(
    _ image: ImageProduct, _ step: InlineArray<step, Vector>.Type, _ wide: Wide.Type, single: Single.Type
  ) where Wide.Unit == Self, Single.Unit == Self {
    let product = image.product
    let panelStride = product.depth &* Wide.weightStride
    let outputWidth = outputWidth(product)
    let origin = Wide.origin(product)
    // The largest tile of all instruction sets is 14 x 32.
    var memory = InlineArray<448, Float>(repeating: 0)
    withUnsafeMutablePointer(to: &memory) { memory in
      let sums = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Float.self)
      for panel in product.panels {
        for tile in 0..<(product.rowCount &+ tileRows &- 1) / tileRows {
          let columns = product.columnPanels + panel &* panelStride
          let place = TilePlace(
            rows: image.scales, columns: columns, depth: 0, ahead: columns, aheadStep: 0, panel: panel,
            firstRow: min(tile &* tileRows, product.rowCount &- tileRows), firstColumn: panel &* outputWidth,
            origin: origin + panel &* panelWidth, sums: product.activation.isFunction ? sums : nil)
          if panel == product.singlePanel {
            imageTile(single, step, image, place)
            if place.sums != nil { single.finishFunction(sums, rows: tileRows, product, place) }
          } else {
            imageTile(wide, step, image, place)
            if place.sums != nil { wide.finishFunction(sums, rows: tileRows, product, place) }
          }
        }
      }
    }
  }

  @inlinable @inline(__always)
  public static func imageTile<Math: TileArithmetic, let step: Int>(
    _: Math.Type, _ step: InlineArray<step, Vector>.Type, _ image: borrowing ImageProduct, _ place: borrowing TilePlace
  ) where Math.Unit == Self { Math.imageTile(InlineArray<6, Vector>.self, step, image, place) }
}

extension TileArithmetic {
  /// Like `tile`, of windows whose words are in the image's rows.
  @inlinable @inline(never)
  public static func imageTile<let rows: Int, let step: Int>(
    _: InlineArray<rows, Unit.Vector>.Type, _: InlineArray<step, Unit.Vector>.Type, _ image: borrowing ImageProduct,
    _ place: borrowing TilePlace
  ) {
    var sums = InlineArray<rows, Sums>(repeating: start(at: place.origin))
    var output = OutputLines(rows: rows, image.product, place, width: Unit.outputWidth(image.product))
    var columns = place.columns
    for y in 0..<image.inputRows {
      var words = image.inputs[y] + place.firstRow &* step
      for _ in 0..<image.rowWords {
        output.fetchNext()
        let weights = weights(at: columns)
        for row in 0..<rows { multiplyAdd(&sums[row], weights, word(words[row &* step])) }
        words += image.wordStride
        columns += weightStride
      }
      output.turnToOtherLine()
    }
    finish(sums, image.product, place)
  }
}
