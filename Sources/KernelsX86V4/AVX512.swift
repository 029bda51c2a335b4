#if arch(x86_64)
  import CIntrinsics
  import Kernels

  /// What all instruction sets with AVX-512 share: 32 registers of 16 floats; a tile of 14 x 32 takes 28 of them, and reaches
  /// 97 % of the peak.
  public protocol AVX512: VectorUnit
  where
    Vector == SIMD16<Float>, Columns == SIMD32<Float>, Half == SIMD8<Float>, Integers == SIMD16<Int32>,
    HalfIntegers == SIMD8<Int32>
  {}

  extension AVX512 {
    @inlinable
    public static var tileRows: Int { 14 }

    @inlinable @inline(__always)
    public static func add(_ a: Vector, _ b: Vector) -> Vector { add16(a, b) }

    @inlinable @inline(__always)
    public static func subtract(_ a: Vector, _ b: Vector) -> Vector { subtract16(a, b) }

    @inlinable @inline(__always)
    public static func multiply(_ a: Vector, _ b: Vector) -> Vector { multiply16(a, b) }

    @inlinable @inline(__always)
    public static func productSum(_ a: Vector, _ b: Vector, _ sum: Vector) -> Vector { multiply_add16(a, b, sum) }

    @inlinable @inline(__always)
    public static func maximum(_ a: Vector, _ b: Vector) -> Vector { maximum16(a, b) }

    @inlinable @inline(__always)
    public static func minimum(_ a: Vector, _ b: Vector) -> Vector { minimum16(a, b) }

    @inlinable @inline(__always)
    public static func maximumOrNaN(_ a: Vector, _ b: Vector) -> Vector { maximum_or_nan16(a, b) }

    @inlinable @inline(__always)
    public static func squareRoot(_ a: Vector) -> Vector { square_root16(a) }

    @inlinable @inline(__always)
    public static func maximum(_ a: Integers, _ b: Integers) -> Integers { maximum_integers16(a, b) }

    @inlinable @inline(__always)
    public static func maximumShorts(_ a: Integers, _ b: Integers) -> Integers { maximum_shorts16(a, b) }

    @inlinable @inline(__always)
    public static func largest(_ a: Integers) -> Int32 { largest16(a) }

    @inlinable @inline(__always)
    public static func inOrder(_ vector: Vector) -> Vector { in_order16(vector) }

    @inlinable @inline(__always)
    public static func floats(_ integers: Integers) -> Vector { to_floats16(integers) }

    @inlinable @inline(__always)
    public static func byteFloats(at address: UnsafeRawPointer) -> Vector { byte_floats16(address) }

    @inlinable @inline(__always)
    public static func tile<Math: TileArithmetic>(
      _ math: Math.Type, rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace
    ) where Math.Unit == Self { tileOfUpTo14(math, rows: rows, product, place) }

    @inlinable @inline(__always)
    public static func imageTile<Math: TileArithmetic, let step: Int>(
      _: Math.Type, _ step: InlineArray<step, Vector>.Type, _ image: borrowing ImageProduct,
      _ place: borrowing TilePlace
    ) where Math.Unit == Self { Math.imageTile(InlineArray<14, Vector>.self, step, image, place) }
  }
#endif
