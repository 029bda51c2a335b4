#if arch(x86_64)
  import CIntrinsics
  import Kernels

  /// AVX-512 (x86-64-v4): 32 registers of 16 floats; a tile of 14 x 32 takes 28 of them, and reaches 97 % of the peak.
  public enum X86V4: VectorUnit {
    public typealias Vector = SIMD16<Float>
    public typealias Columns = SIMD32<Float>
    public typealias Half = SIMD8<Float>
    public typealias Integers = SIMD16<Int32>

    public static let tileRows = 14

    @inline(__always)
    public static func maximum(_ a: Vector, _ b: Vector) -> Vector { b.replacing(with: a, where: a .> b) }

    @inline(__always)
    public static func minimum(_ a: Vector, _ b: Vector) -> Vector { b.replacing(with: a, where: a .< b) }

    @inline(__always)
    public static func maximum(_ a: Integers, _ b: Integers) -> Integers { b.replacing(with: a, where: a .> b) }

    @inline(__always)
    public static func inOrder(_ vector: Vector) -> Vector { in_order16(vector) }

    @inline(__always)
    public static func tile(rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace) {
      switch rows {
      case 1: tile(InlineArray<1, Vector>.self, product, place)
      case 2: tile(InlineArray<2, Vector>.self, product, place)
      case 3: tile(InlineArray<3, Vector>.self, product, place)
      case 4: tile(InlineArray<4, Vector>.self, product, place)
      case 5: tile(InlineArray<5, Vector>.self, product, place)
      case 6: tile(InlineArray<6, Vector>.self, product, place)
      case 7: tile(InlineArray<7, Vector>.self, product, place)
      case 8: tile(InlineArray<8, Vector>.self, product, place)
      case 9: tile(InlineArray<9, Vector>.self, product, place)
      case 10: tile(InlineArray<10, Vector>.self, product, place)
      case 11: tile(InlineArray<11, Vector>.self, product, place)
      case 12: tile(InlineArray<12, Vector>.self, product, place)
      case 13: tile(InlineArray<13, Vector>.self, product, place)
      default: tile(InlineArray<14, Vector>.self, product, place)
      }
    }
  }
#endif
