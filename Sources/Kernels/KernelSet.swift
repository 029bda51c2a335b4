// The declarations of this module are public, though no product exports it: the compiler inlines only public code into
// other modules, and each instruction set is a module of its own.

/// The kernels of one instruction set, as the executor calls them.
///
/// A feature map is stored height by width by channels, its channels padded to `panelWidth`. All kernels work on whole
/// vectors, and what they read and write must be padded accordingly. Pointers, offsets and strides count words of four
/// bytes.
public protocol KernelSet: Sendable {
  /// The number of floats of a vector.
  static var vectorWidth: Int { get }
  /// The most rows (pixels) of a register tile for an arithmetic; its columns are `panelWidth`.
  static func tileRows(_ arithmetic: Arithmetic) -> Int
  /// Whether products run in matrix registers. Their tiles are full, except for the last one of a block, and the depth
  /// of a product is a whole number of segments, with zeros for weights beyond the channels; vector tiles share the
  /// rows of a block evenly.
  static func usesMatrixRegisters(_ arithmetic: Arithmetic) -> Bool

  static func multiply(_ product: Product)
  static func multiply(_ product: StrassenProduct)
  static func multiply(_ image: ImageProduct)
  static func combine(_ rows: StrassenRows)
  static func depthwise(_ run: DepthwiseRun)
  static func gather(_ run: GatherRun)
  static func maximumPool(_ run: PoolRun)
  static func averagePool(_ run: PoolRun)
  static func globalPool(_ run: GlobalPoolRun)
  static func activate(_ line: ElementwiseRun, _ activation: Activation)
  static func add(_ line: ElementwiseRun, _ other: UnsafePointer<Float>)
  static func combine(_ run: BinaryRun)
  static func normalize(_ line: ElementwiseRun, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, channels: Int)
  /// x where x > 0, else the slope of its channel times x; see `normalize`.
  static func parametricRelu(_ line: ElementwiseRun, slopes: UnsafePointer<Float>, channels: Int)
  static func softmax(_ line: ElementwiseRun)
  /// Copies the values of one packed pixel to exactly `channels` floats.
  static func unpack(_ words: UnsafePointer<Float>, to values: UnsafeMutablePointer<Float>, channels: Int)
  /// Packs exactly `channels` floats into one pixel, whose last column panel is filled with zeros.
  static func pack(_ values: UnsafePointer<Float>, to words: UnsafeMutablePointer<Float>, channels: Int)
  static func transformInput(_ tiles: WinogradInput)
  static func transformInput(_ window: WinogradIntegers)
  static func transformOutput(_ tiles: WinogradOutput)
  static func transformInput(_ run: WinogradBytesInput)
  static func transformOutput(_ run: WinogradBytesOutput)
  static func transformInput(_ run: WinogradWideInput)
  static func transformOutput(_ run: WinogradWideOutput)
  static func transformInput(_ line: WinogradLineInput)
  static func transformOutput(_ line: WinogradLineOutput)
  static func pack(_ run: ColumnPacking)
  static func pack(_ run: WinogradPacking)
  static func pack(_ run: WinogradLinePacking)
  static func pack(_ run: BytePacking)
  static func measure(_ run: ColumnSizes)
  static func pack(_ run: ShortPacking)
  static func pack(_ run: ImageWords)
  static func sumColumns(_ run: ColumnStarts)
  static func quantize(_ run: QuantizeRun)
  static func quantize(_ band: BandRun) -> Float
  /// Runs an arithmetic's multiply-adds on registers alone, `count` times 12 vectors of words, to measure the peak
  /// rate; returns a number that depends on them.
  static func multiplyAdds(_ count: Int, _ arithmetic: Arithmetic) -> Float
  /// Whether there is an instruction for products of an arithmetic; without one, `int8` and `int16` still work, and
  /// `bfloat16` does not.
  static func isNative(_ arithmetic: Arithmetic) -> Bool
  /// The multiply-adds of `int16` in the time of one of `float32`.
  static var shortRate: Double { get }
  /// The integers in a word of an `int8` product: 4, or 2 where bytes must be widened before they are multiplied.
  static var channelsPerByteWord: Int { get }
  /// What is added to the integers of rows to make them positive, where the processor takes them as unsigned: 128, else
  /// 0.
  static var rowShift: Int32 { get }
}

extension KernelSet {
  /// The columns (output channels) of a register tile and of a packed column panel: two vectors.
  public static var panelWidth: Int { 2 * vectorWidth }

  /// The words of a row of so many channels in a row panel; for `bfloat16` each tap of a window is a row of its own.
  public static func words(of channels: Int, _ arithmetic: Arithmetic) -> Int {
    switch arithmetic {
    case .float32, .bfloat16Weights, .int8Weights: return channels
    case .bfloat16: return (channels &+ panelWidth &- 1) / panelWidth &* vectorWidth
    case .int8, .int16:
      let lanes = arithmetic == .int16 ? 2 : channelsPerByteWord
      let segment = lanes &* vectorWidth
      let left = (channels % segment &+ lanes &- 1) / lanes
      let isPadded = left > 0 && usesMatrixRegisters(arithmetic)
      return channels / segment &* vectorWidth &+ (isPadded ? vectorWidth : left)
    }
  }

  /// The words of a pixel of so many channels as bytes; see `BandRun`.
  @inlinable
  public static func byteWords(of channels: Int) -> Int {
    let segment = channelsPerByteWord &* vectorWidth
    return channels / segment &* vectorWidth &+ (channels % segment &+ channelsPerByteWord &- 1) / channelsPerByteWord
  }

  /// What the largest value of rows without negative ones becomes: 255 where products take bytes of rows as unsigned, or
  /// widen them.
  @inlinable
  public static var positiveLimit: Float { rowShift == 0 && channelsPerByteWord == 4 ? 127 : 255 }

  /// The rows of a tile of a block of `count` rows.
  public static func rows(ofTile tile: Int, in count: Int, _ arithmetic: Arithmetic) -> Range<Int> {
    let most = tileRows(arithmetic)
    if usesMatrixRegisters(arithmetic) { return tile &* most..<min((tile &+ 1) &* most, count) }
    return share(tile, of: (count &+ most &- 1) / most, count)
  }

  /// The words of a row of a column panel.
  public static func columnWords(_ arithmetic: Arithmetic) -> Int {
    switch arithmetic {
    case .float32, .bfloat16, .int16: panelWidth
    case .bfloat16Weights: vectorWidth
    case .int8: panelWidth * channelsPerByteWord / 4
    case .int8Weights: panelWidth / 4
    }
  }

  /// The multiply-adds of two words.
  public static func multiplyAddsPerWord(_ arithmetic: Arithmetic) -> Int {
    switch arithmetic {
    case .float32, .bfloat16Weights, .int8Weights: 1
    case .bfloat16, .int16: 2
    case .int8: channelsPerByteWord
    }
  }

  /// The largest integers of `int16` whose products, summed over so many channels, stay within 32 bits.
  public static func shortLimit(channels: Int) -> Int32 {
    Int32(min(32_767, (Double(Int32.max) / Double(channels)).squareRoot()))
  }
}

/// An instruction set as the generic kernels see it. Each conforming type is in a module of its own, compiled for its
/// processor, and gets its kernels from the extensions of this protocol.
///
/// Kernels are `@inline(never)`: inlined into the witness of a protocol requirement, where Swift inlines no calls of C,
/// they would call functions for what should be single instructions.
public protocol VectorUnit: KernelSet {
  associatedtype Vector: SIMD where Vector.Scalar == Float
  /// Two vectors side by side: a row of a column panel. As one value the two halves stay together; as two values LLVM
  /// sometimes computes the product column by column, and runs out of registers.
  associatedtype Columns: SIMD where Columns.Scalar == Float
  /// Half a vector.
  associatedtype Half: SIMD where Half.Scalar == Float
  /// As many integers as `Vector` has floats.
  associatedtype Integers: SIMD where Integers.Scalar == Int32
  associatedtype HalfIntegers: SIMD where HalfIntegers.Scalar == Int32

  /// The most rows of a tile in vector registers.
  static var tileRows: Int { get }
  /// `sum += a * b`, fused where the processor can.
  static func multiplyAdd(_ sum: inout Vector, _ a: Vector, _ b: Vector)
  static func multiplyAdd(_ sum: inout Columns, _ a: Columns, _ b: Columns)
  static func multiplyAdd(_ sum: inout Half, _ a: Half, _ b: Half)
  /// `a + b`, `a - b` and `a * b`, of whole vectors whatever surrounds them.
  static func add(_ a: Vector, _ b: Vector) -> Vector
  static func subtract(_ a: Vector, _ b: Vector) -> Vector
  static func multiply(_ a: Vector, _ b: Vector) -> Vector
  /// `a * b + sum` as `multiplyAdd` rounds it, of whole vectors too. Not everywhere: tiles and depthwise sums keep more vectors on
  /// the stack with it.
  static func productSum(_ a: Vector, _ b: Vector, _ sum: Vector) -> Vector
  /// The elementwise maximum; where either is a NaN, the element of `b`.
  static func maximum(_ a: Vector, _ b: Vector) -> Vector
  /// The elementwise minimum; where either is a NaN, the element of `b`.
  static func minimum(_ a: Vector, _ b: Vector) -> Vector
  /// The elementwise maximum; where either is a NaN, a NaN.
  static func maximumOrNaN(_ a: Vector, _ b: Vector) -> Vector
  static func squareRoot(_ a: Vector) -> Vector
  static func maximum(_ a: Integers, _ b: Integers) -> Integers
  /// The larger of the signed 16-bit numbers, two in each word.
  static func maximumShorts(_ a: Integers, _ b: Integers) -> Integers
  /// The largest element.
  static func largest(_ a: Integers) -> Int32
  /// The same vector: whatever depends on the result is computed after whatever depends on the previous one.
  static func inOrder(_ vector: Vector) -> Vector
  /// Words of two bf16 values: `low` in the low halves and `high` in the high ones, each rounded to nearest even; a NaN
  /// stays a NaN and becomes a quiet one.
  static func packed(_ low: Vector, _ high: Vector) -> Vector
  /// The order in which `packed` puts the values j and `words` + j of both vectors into word j; instruction sets
  /// without products of bf16 know it for whole groups only.
  static func wordOrder(_ words: Int) -> Integers
  static func packed(_ low: Vector, _ high: Vector, order: Integers) -> Vector
  /// Whether `packed` takes few enough instructions to be repeated for each row of each tile.
  static var packsFast: Bool { get }
  /// Calls the generic `tile` of an arithmetic with `rows` rows, 1 to `tileRows`.
  static func tile<Math: TileArithmetic>(
    _: Math.Type, rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace
  ) where Math.Unit == Self
  /// Calls the generic `imageTile` of an arithmetic with `tileRows` rows; 6 unless a set has its own.
  static func imageTile<Math: TileArithmetic, let step: Int>(
    _: Math.Type, _: InlineArray<step, Vector>.Type, _ image: borrowing ImageProduct, _ place: borrowing TilePlace
  ) where Math.Unit == Self
  /// A product of words of two bf16 values, where there are such instructions.
  static func multiplyBFloat16(_ product: Product)
  static func multiplyAddsOfBFloat16(_ count: Int) -> Float

  static func floats(_ integers: Integers) -> Vector
  /// `vectorWidth` bytes.
  static func byteFloats(at address: UnsafeRawPointer) -> Vector
  /// Words of `channelsPerByteWord` integers, from one byte for each.
  static func integerWeights(at address: UnsafePointer<Float>) -> Integers
  static func halfIntegerWeights(at address: UnsafePointer<Float>) -> HalfIntegers
  /// Adds the products of all integers of each word to `sum`; `word` is a row's.
  static func addDotProduct(_ sum: inout Integers, _ weights: Integers, _ word: Integers)
  static func addDotProduct(_ sum: inout HalfIntegers, _ weights: HalfIntegers, _ word: HalfIntegers)
  /// Adds the products of both 16-bit integers of each word to `sum`.
  static func addShortProducts(_ sum: inout Integers, _ weights: Integers, _ word: Integers)
}

extension VectorUnit {
  @inlinable
  public static func tileRows(_ arithmetic: Arithmetic) -> Int { tileRows }

  @inlinable
  public static func usesMatrixRegisters(_ arithmetic: Arithmetic) -> Bool { false }

  @inlinable @inline(__always)
  public static func wordOrder(_ words: Int) -> Integers { .zero }

  @inlinable @inline(__always)
  public static func packed(_ low: Vector, _ high: Vector, order: Integers) -> Vector { packed(low, high) }

  @inlinable
  public static var packsFast: Bool { false }

  @inlinable
  public static func isNative(_ arithmetic: Arithmetic) -> Bool {
    arithmetic == .float32 || arithmetic == .int8 && channelsPerByteWord == 4
  }

  @inlinable
  public static var shortRate: Double { isNative(.int16) ? 2 : 1 }

  @inlinable
  public static var vectorWidth: Int { Vector.scalarCount }

  @inlinable @inline(__always)
  public static func multiplyAdd(_ sum: inout Vector, _ a: Vector, _ b: Vector) { sum.addProduct(a, b) }

  @inlinable @inline(__always)
  public static func productSum(_ a: Vector, _ b: Vector, _ sum: Vector) -> Vector {
    var sum = sum
    multiplyAdd(&sum, a, b)
    return sum
  }

  @inlinable @inline(__always)
  public static func multiplyAdd(_ sum: inout Columns, _ a: Columns, _ b: Columns) { sum.addProduct(a, b) }

  @inlinable @inline(__always)
  public static func multiplyAdd(_ sum: inout Half, _ a: Half, _ b: Half) { sum.addProduct(a, b) }

  @inlinable @inline(__always)
  static func load(_ address: UnsafePointer<Float>) -> Vector {
    UnsafeRawPointer(address).loadUnaligned(as: Vector.self)
  }

  @inlinable @inline(__always)
  static func store(_ vector: Vector, _ address: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(address).storeBytes(of: vector, as: Vector.self)
  }

  @inlinable @inline(__always)
  static func loadColumns(_ address: UnsafePointer<Float>) -> Columns {
    UnsafeRawPointer(address).loadUnaligned(as: Columns.self)
  }

  @inlinable @inline(__always)
  static func store(_ columns: Columns, _ address: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(address).storeBytes(of: columns, as: Columns.self)
  }
}

extension VectorUnit {
  @inlinable @inline(__always)
  public static func tileOfUpTo6<Math: TileArithmetic>(
    _: Math.Type, rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace
  ) where Math.Unit == Self {
    switch rows {
    case 1: Math.tile(InlineArray<1, Vector>.self, product, place)
    case 2: Math.tile(InlineArray<2, Vector>.self, product, place)
    case 3: Math.tile(InlineArray<3, Vector>.self, product, place)
    case 4: Math.tile(InlineArray<4, Vector>.self, product, place)
    case 5: Math.tile(InlineArray<5, Vector>.self, product, place)
    default: Math.tile(InlineArray<6, Vector>.self, product, place)
    }
  }

  @inlinable @inline(__always)
  public static func tileOfUpTo14<Math: TileArithmetic>(
    _ math: Math.Type, rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace
  ) where Math.Unit == Self {
    switch rows {
    case 7: Math.tile(InlineArray<7, Vector>.self, product, place)
    case 8: Math.tile(InlineArray<8, Vector>.self, product, place)
    case 9: Math.tile(InlineArray<9, Vector>.self, product, place)
    case 10: Math.tile(InlineArray<10, Vector>.self, product, place)
    case 11: Math.tile(InlineArray<11, Vector>.self, product, place)
    case 12: Math.tile(InlineArray<12, Vector>.self, product, place)
    case 13: Math.tile(InlineArray<13, Vector>.self, product, place)
    case 14: Math.tile(InlineArray<14, Vector>.self, product, place)
    default: tileOfUpTo6(math, rows: rows, product, place)
    }
  }
}
