#if arch(x86_64)
  import CIntrinsics
  import Kernels
  import KernelsX86V4
  import KernelsX86VNNI

  /// AVX-512 with VNNI and BF16: Cooper Lake, Sapphire Rapids, Zen 4.
  public enum X86BF16: AVX512VNNI, BFloat16Unit {
    public static func isNative(_ arithmetic: Arithmetic) -> Bool {
      switch arithmetic {
      case .float32, .bfloat16, .int8: true
      case .bfloat16Weights, .int8Weights: false
      }
    }

    @inlinable
    public static var packsFast: Bool { true }

    @inline(__always)
    public static func packed(_ low: SIMD16<Float>, _ high: SIMD16<Float>) -> SIMD16<Float> {
      packed_bf16(low, high, bf16_order(16))
    }

    @inline(__always)
    public static func wordOrder(_ words: Int) -> SIMD16<Int32> { bf16_order(Int32(truncatingIfNeeded: words)) }

    @inline(__always)
    public static func packed(
      _ low: SIMD16<Float>, _ high: SIMD16<Float>, order: SIMD16<Int32>
    ) -> SIMD16<Float> { packed_bf16(low, high, order) }

    @inline(__always)
    public static func addDotProduct(_ sum: inout SIMD16<Float>, _ weights: SIMD16<Float>, _ word: SIMD16<Float>) {
      sum = dot_bf16x16(sum, weights, word)
    }

    @inline(__always)
    public static func addDotProduct(_ sum: inout SIMD8<Float>, _ weights: SIMD8<Float>, _ word: SIMD8<Float>) {
      sum = dot_bf16x8(sum, weights, word)
    }
  }
#endif
