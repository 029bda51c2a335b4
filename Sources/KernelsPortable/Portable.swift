import CIntrinsics
import Kernels

/// What every processor has: vectors of four floats (SSE2, NEON), and a tile of 6 x 8.
public enum Portable: VectorUnit {
  public typealias Vector = SIMD4<Float>
  public typealias Columns = SIMD8<Float>
  public typealias Half = SIMD2<Float>
  public typealias Integers = SIMD4<Int32>

  public static let tileRows = 6

  #if arch(x86_64)
    /// Without FMA instructions a fused product would be a call of the C library for each element.
    @inline(__always)
    public static func multiplyAdd(_ sum: inout Vector, _ a: Vector, _ b: Vector) { sum += a * b }

    @inline(__always)
    public static func multiplyAdd(_ sum: inout Columns, _ a: Columns, _ b: Columns) { sum += a * b }

    @inline(__always)
    public static func multiplyAdd(_ sum: inout Half, _ a: Half, _ b: Half) { sum += a * b }
  #endif

  @inline(__always)
  public static func maximum(_ a: Vector, _ b: Vector) -> Vector { b.replacing(with: a, where: a .> b) }

  @inline(__always)
  public static func minimum(_ a: Vector, _ b: Vector) -> Vector { b.replacing(with: a, where: a .< b) }

  @inline(__always)
  public static func maximum(_ a: Integers, _ b: Integers) -> Integers { b.replacing(with: a, where: a .> b) }

  @inline(__always)
  public static func inOrder(_ vector: Vector) -> Vector { in_order4(vector) }

  @inline(__always)
  public static func tile(rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace) {
    switch rows {
    case 1: tile(InlineArray<1, Vector>.self, product, place)
    case 2: tile(InlineArray<2, Vector>.self, product, place)
    case 3: tile(InlineArray<3, Vector>.self, product, place)
    case 4: tile(InlineArray<4, Vector>.self, product, place)
    case 5: tile(InlineArray<5, Vector>.self, product, place)
    default: tile(InlineArray<6, Vector>.self, product, place)
    }
  }
}
