#if arch(x86_64)
  import CIntrinsics
  import Kernels
  import KernelsX86V4
  import KernelsX86VNNI

  /// What instruction sets with AVX-512, VNNI and BF16 share: products of two bf16 values, and rounding to them.
  public protocol AVX512BF16: AVX512VNNI, BFloat16Unit {}

  extension AVX512BF16 {
    @inlinable
    public static func isNative(_ arithmetic: Arithmetic) -> Bool {
      switch arithmetic {
      case .float32, .bfloat16, .int8, .int16: true
      case .bfloat16Weights, .int8Weights: false
      }
    }

    @inlinable
    public static var packsFast: Bool { true }

    @inlinable @inline(__always)
    public static func packed(_ low: Vector, _ high: Vector) -> Vector { packed_bf16(low, high, bf16_order(16)) }

    @inlinable @inline(__always)
    public static func wordOrder(_ words: Int) -> Integers { bf16_order(Int32(truncatingIfNeeded: words)) }

    @inlinable @inline(__always)
    public static func packed(_ low: Vector, _ high: Vector, order: Integers) -> Vector {
      packed_bf16(low, high, order)
    }

    @inlinable @inline(__always)
    public static func addDotProduct(_ sum: inout Vector, _ weights: Vector, _ word: Vector) {
      sum = dot_bf16x16(sum, weights, word)
    }

    @inlinable @inline(__always)
    public static func addDotProduct(_ sum: inout Half, _ weights: Half, _ word: Half) {
      sum = dot_bf16x8(sum, weights, word)
    }
  }
#endif
