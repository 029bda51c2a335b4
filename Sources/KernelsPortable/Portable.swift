import CIntrinsics
import Kernels

/// For every processor: vectors of four floats (SSE2, NEON), and a tile of 6 x 8.
public enum Portable: VectorUnit {
  public typealias Vector = SIMD4<Float>
  public typealias Columns = SIMD8<Float>
  public typealias Half = SIMD2<Float>
  public typealias Integers = SIMD4<Int32>
  public typealias HalfIntegers = SIMD2<Int32>

  public static let tileRows = 6
  public static let channelsPerByteWord = Int(PORTABLE_CHANNELS_PER_WORD)
  public static let rowShift: Int32 = 0

  #if arch(x86_64)
    /// Without FMA instructions, a fused multiply-add would call the C library for each element.
    @inline(__always)
    public static func multiplyAdd(_ sum: inout Vector, _ a: Vector, _ b: Vector) { sum += a * b }

    @inline(__always)
    public static func multiplyAdd(_ sum: inout Columns, _ a: Columns, _ b: Columns) { sum += a * b }

    @inline(__always)
    public static func multiplyAdd(_ sum: inout Half, _ a: Half, _ b: Half) { sum += a * b }
  #endif

  @inline(__always)
  public static func add(_ a: Vector, _ b: Vector) -> Vector { add4(a, b) }

  @inline(__always)
  public static func subtract(_ a: Vector, _ b: Vector) -> Vector { subtract4(a, b) }

  @inline(__always)
  public static func multiply(_ a: Vector, _ b: Vector) -> Vector { multiply4(a, b) }

  @inline(__always)
  public static func maximum(_ a: Vector, _ b: Vector) -> Vector { maximum4(a, b) }

  @inline(__always)
  public static func minimum(_ a: Vector, _ b: Vector) -> Vector { minimum4(a, b) }

  @inline(__always)
  public static func maximumOrNaN(_ a: Vector, _ b: Vector) -> Vector { maximum_or_nan4(a, b) }

  @inline(__always)
  public static func squareRoot(_ a: Vector) -> Vector { square_root4(a) }

  @inline(__always)
  public static func maximum(_ a: Integers, _ b: Integers) -> Integers { maximum_integers4(a, b) }

  @inline(__always)
  public static func maximumShorts(_ a: Integers, _ b: Integers) -> Integers { maximum_shorts4(a, b) }

  @inline(__always)
  public static func largest(_ a: Integers) -> Int32 { largest4(a) }

  @inline(__always)
  public static func inOrder(_ vector: Vector) -> Vector { in_order4(vector) }

  @inline(__always)
  public static func floats(_ integers: Integers) -> Vector { to_floats4(integers) }

  @inline(__always)
  public static func byteFloats(at address: UnsafeRawPointer) -> Vector { byte_floats4(address) }

  @inline(__always)
  public static func integerWeights(at address: UnsafePointer<Float>) -> Integers { portable_weights4(address) }

  @inline(__always)
  public static func halfIntegerWeights(at address: UnsafePointer<Float>) -> HalfIntegers { portable_weights2(address) }

  @inline(__always)
  public static func addDotProduct(_ sum: inout Integers, _ weights: Integers, _ word: Integers) {
    sum = portable_dot4(sum, weights, word)
  }

  @inline(__always)
  public static func addDotProduct(_ sum: inout HalfIntegers, _ weights: HalfIntegers, _ word: HalfIntegers) {
    sum = portable_dot2(sum, weights, word)
  }

  @inline(__always)
  public static func addShortProducts(_ sum: inout Integers, _ weights: Integers, _ word: Integers) {
    sum = portable_dot_shorts4(sum, weights, word)
  }

  @inline(__always)
  public static func tile<Math: TileArithmetic>(
    _ math: Math.Type, rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace
  ) where Math.Unit == Self { tileOfUpTo6(math, rows: rows, product, place) }
}
