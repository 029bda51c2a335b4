// The declarations of this module are public, though no product exports it: the compiler inlines only public code into
// other modules, and each instruction set is a module.

/// The kernels of one instruction set, as the executor calls them.
///
/// A feature map is stored height by width by channels, its channels padded to `panelWidth`. All kernels work on whole
/// vectors: what they read and write must be padded to them. Pointers, offsets and strides count floats.
public protocol KernelSet: Sendable {
  /// The number of floats of a vector.
  static var vectorWidth: Int { get }
  /// The most rows (pixels) of a register tile; its columns are `panelWidth`.
  static var tileRows: Int { get }

  static func multiply(_ product: Product)
  static func multiply(_ product: StrassenProduct)
  static func combine(_ rows: StrassenRows)
  static func depthwise(_ run: DepthwiseRun)
  static func gather(_ run: GatherRun)
  static func maximumPool(_ run: PoolRun)
  static func averagePool(_ run: PoolRun)
  static func mean(_ mean: ChannelMean)
  static func activate(_ line: Line, _ function: Elementwise)
  static func add(_ line: Line, _ other: UnsafePointer<Float>)
  static func normalize(_ line: Line, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, channels: Int)
  static func softmax(_ line: Line)
  /// Copies the values of one packed pixel to exactly `channels` floats.
  static func unpack(_ words: UnsafePointer<Float>, to values: UnsafeMutablePointer<Float>, channels: Int)
  /// Packs exactly `channels` floats into one pixel, whose last column panel is filled up with zeros.
  static func pack(_ values: UnsafePointer<Float>, to words: UnsafeMutablePointer<Float>, channels: Int)
  static func transformInput(_ tiles: WinogradInput)
  static func transformOutput(_ tiles: WinogradOutput)
  static func pack(_ run: ColumnPacking)
  static func pack(_ run: WinogradPacking)
  static func pack(_ run: BytePacking)
  static func sumColumns(_ run: ColumnStarts)
  static func quantize(_ run: QuantizeRun)
  /// Runs multiply-adds on registers only, `count` times 12 vectors, to measure the peak; returns a number that depends on them.
  static func multiplyAdds(_ count: Int) -> Float
  /// Whether there is an instruction for products of an arithmetic; without one, `int8` still works, and `bfloat16` does not.
  static func isNative(_ arithmetic: Arithmetic) -> Bool
  /// The integers in a word of an `int8` product: 4, or 2 where bytes must be widened to multiply them.
  static var channelsPerByteWord: Int { get }
}

extension KernelSet {
  /// The columns (output channels) of a register tile and of a packed column panel: two vectors.
  public static var panelWidth: Int { 2 * vectorWidth }
}

/// An instruction set as the generic kernels see it. Each conformance lies in a module of its own, compiled for its
/// processor, and takes its kernels from the extensions of this protocol.
public protocol VectorUnit: KernelSet {
  associatedtype Vector: SIMD where Vector.Scalar == Float
  /// Two vectors side by side: a row of a column panel. As one value the two halves stay together; as two, LLVM takes
  /// the product column by column where it sees fit, and runs out of registers.
  associatedtype Columns: SIMD where Columns.Scalar == Float
  /// Half a vector.
  associatedtype Half: SIMD where Half.Scalar == Float
  /// As many integers as `Vector` has floats.
  associatedtype Integers: SIMD where Integers.Scalar == Int32

  /// `sum += a * b`, fused where the processor can.
  static func multiplyAdd(_ sum: inout Vector, _ a: Vector, _ b: Vector)
  static func multiplyAdd(_ sum: inout Columns, _ a: Columns, _ b: Columns)
  static func multiplyAdd(_ sum: inout Half, _ a: Half, _ b: Half)
  /// The larger elements; where either is a NaN, those of `b`.
  static func maximum(_ a: Vector, _ b: Vector) -> Vector
  /// The smaller elements; where either is a NaN, those of `b`.
  static func minimum(_ a: Vector, _ b: Vector) -> Vector
  static func maximum(_ a: Integers, _ b: Integers) -> Integers
  /// The same vector; what depends on it is computed after what depends on the one before.
  static func inOrder(_ vector: Vector) -> Vector
  /// Words of two bf16 values: `low` in the low halves and `high` in the high ones, each rounded to nearest even; a NaN stays
  /// a NaN, a quiet one.
  static func packed(_ low: Vector, _ high: Vector) -> Vector
  /// Calls the generic `tile` of `rows` rows, 1 to `tileRows`.
  static func tile(rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace)
}

extension VectorUnit {
  @inlinable
  public static var vectorWidth: Int { Vector.scalarCount }

  @inlinable @inline(__always)
  public static func multiplyAdd(_ sum: inout Vector, _ a: Vector, _ b: Vector) { sum.addProduct(a, b) }

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
