#if arch(x86_64)
  import CIntrinsics
  import Kernels

  /// AVX2 and FMA (x86-64-v3): 16 registers of 8 floats; a tile of 6 x 16 takes 12 of them.
  public enum X86V3: VectorUnit {
    public typealias Vector = SIMD8<Float>
    public typealias Columns = SIMD16<Float>
    public typealias Half = SIMD4<Float>
    public typealias Integers = SIMD8<Int32>
    public typealias HalfIntegers = SIMD4<Int32>

    public static let tileRows = 6
    public static let channelsPerByteWord = 2
    public static let rowShift: Int32 = 0
    /// Two instructions, of which processors have more units for the second than for multiply-adds: measured on Intel's.
    public static let shortRate = 1.4

    @inline(__always)
    public static func add(_ a: Vector, _ b: Vector) -> Vector { add8(a, b) }

    @inline(__always)
    public static func subtract(_ a: Vector, _ b: Vector) -> Vector { subtract8(a, b) }

    @inline(__always)
    public static func multiply(_ a: Vector, _ b: Vector) -> Vector { multiply8(a, b) }

    @inline(__always)
    public static func productSum(_ a: Vector, _ b: Vector, _ sum: Vector) -> Vector { multiply_add8(a, b, sum) }

    @inline(__always)
    public static func maximum(_ a: Vector, _ b: Vector) -> Vector { maximum8(a, b) }

    @inline(__always)
    public static func minimum(_ a: Vector, _ b: Vector) -> Vector { minimum8(a, b) }

    @inline(__always)
    public static func maximumOrNaN(_ a: Vector, _ b: Vector) -> Vector { maximum_or_nan8(a, b) }

    @inline(__always)
    public static func squareRoot(_ a: Vector) -> Vector { square_root8(a) }

    @inline(__always)
    public static func maximum(_ a: Integers, _ b: Integers) -> Integers { maximum_integers8(a, b) }

    @inline(__always)
    public static func maximumShorts(_ a: Integers, _ b: Integers) -> Integers { maximum_shorts8(a, b) }

    @inline(__always)
    public static func largest(_ a: Integers) -> Int32 { largest8(a) }

    @inline(__always)
    public static func inOrder(_ vector: Vector) -> Vector { in_order8(vector) }

    @inline(__always)
    public static func floats(_ integers: Integers) -> Vector { to_floats8(integers) }

    @inline(__always)
    public static func byteFloats(at address: UnsafeRawPointer) -> Vector { byte_floats8(address) }

    @inline(__always)
    public static func integerWeights(at address: UnsafePointer<Float>) -> Integers { widened_bytes8(address) }

    @inline(__always)
    public static func halfIntegerWeights(at address: UnsafePointer<Float>) -> HalfIntegers { widened_bytes4(address) }

    @inline(__always)
    public static func addDotProduct(_ sum: inout Integers, _ weights: Integers, _ word: Integers) {
      sum = dot_shorts8(sum, weights, word)
    }

    @inline(__always)
    public static func addDotProduct(_ sum: inout HalfIntegers, _ weights: HalfIntegers, _ word: HalfIntegers) {
      sum = dot_shorts4(sum, weights, word)
    }

    @inline(__always)
    public static func addShortProducts(_ sum: inout Integers, _ weights: Integers, _ word: Integers) {
      sum = dot_shorts8(sum, weights, word)
    }

    @inline(__always)
    public static func tile<Math: TileArithmetic>(
      _ math: Math.Type, rows: Int, _ product: borrowing Product, _ place: borrowing TilePlace
    ) where Math.Unit == Self { tileOfUpTo6(math, rows: rows, product, place) }
  }
#endif
