#if arch(x86_64)
  import CIntrinsics
  import Kernels

  /// AVX2 and FMA (x86-64-v3): 16 registers of 8 floats; a tile of 6 x 16 takes 12 of them.
  public enum X86V3: VectorUnit {
    public typealias Vector = SIMD8<Float>
    public typealias Columns = SIMD16<Float>
    public typealias Half = SIMD4<Float>
    public typealias Integers = SIMD8<Int32>

    public static let tileRows = 6

    @inline(__always)
    public static func maximum(_ a: Vector, _ b: Vector) -> Vector { b.replacing(with: a, where: a .> b) }

    @inline(__always)
    public static func minimum(_ a: Vector, _ b: Vector) -> Vector { b.replacing(with: a, where: a .< b) }

    @inline(__always)
    public static func maximum(_ a: Integers, _ b: Integers) -> Integers { b.replacing(with: a, where: a .> b) }

    @inline(__always)
    public static func inOrder(_ vector: Vector) -> Vector { in_order8(vector) }

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
#endif
