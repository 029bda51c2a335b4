#if arch(x86_64)
  import CIntrinsics
  import Kernels
  import KernelsX86V4

  /// What instruction sets with AVX-512 and VNNI share: products of four bytes; the bytes of rows are unsigned.
  public protocol AVX512VNNI: AVX512 {}

  extension AVX512VNNI {
    @inlinable
    public static func isNative(_ arithmetic: Arithmetic) -> Bool {
      switch arithmetic {
      case .float32, .int8, .int16: true
      case .bfloat16, .bfloat16Weights, .int8Weights: false
      }
    }

    @inlinable
    public static var channelsPerByteWord: Int { 4 }

    @inlinable
    public static var rowShift: Int32 { 128 }

    @inlinable @inline(__always)
    public static func integerWeights(at address: UnsafePointer<Float>) -> Integers {
      UnsafeRawPointer(address).loadUnaligned(as: Integers.self)
    }

    @inlinable @inline(__always)
    public static func halfIntegerWeights(at address: UnsafePointer<Float>) -> HalfIntegers {
      UnsafeRawPointer(address).loadUnaligned(as: HalfIntegers.self)
    }

    @inlinable @inline(__always)
    public static func addDotProduct(_ sum: inout Integers, _ weights: Integers, _ word: Integers) {
      sum = dot_bytes16(sum, weights, word)
    }

    @inlinable @inline(__always)
    public static func addDotProduct(_ sum: inout HalfIntegers, _ weights: HalfIntegers, _ word: HalfIntegers) {
      sum = dot_bytes8(sum, weights, word)
    }

    @inlinable @inline(__always)
    public static func addShortProducts(_ sum: inout Integers, _ weights: Integers, _ word: Integers) {
      sum = fused_dot_shorts16(sum, weights, word)
    }
  }
#endif
