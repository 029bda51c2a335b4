#if arch(x86_64)
  import CIntrinsics
  import Kernels

  /// AVX-512 (x86-64-v4). Bytes are widened to 16 bits: without VNNI, the product of bytes saturates.
  public enum X86V4: AVX512 {
    @inlinable
    public static var channelsPerByteWord: Int { 2 }

    @inlinable
    public static var rowShift: Int32 { 0 }

    @inline(__always)
    public static func integerWeights(at address: UnsafePointer<Float>) -> SIMD16<Int32> { widened_bytes16(address) }

    @inline(__always)
    public static func halfIntegerWeights(at address: UnsafePointer<Float>) -> SIMD8<Int32> { widened_bytes8(address) }

    @inline(__always)
    public static func addDotProduct(_ sum: inout SIMD16<Int32>, _ weights: SIMD16<Int32>, _ word: SIMD16<Int32>) {
      sum = dot_shorts16(sum, weights, word)
    }

    @inline(__always)
    public static func addDotProduct(_ sum: inout SIMD8<Int32>, _ weights: SIMD8<Int32>, _ word: SIMD8<Int32>) {
      sum = dot_shorts8(sum, weights, word)
    }

    @inline(__always)
    public static func addShortProducts(_ sum: inout SIMD16<Int32>, _ weights: SIMD16<Int32>, _ word: SIMD16<Int32>) {
      sum = dot_shorts16(sum, weights, word)
    }
  }

  /// `X86V4` as compiled in this module: where it is named elsewhere, its generic kernels would be compiled again.
  @inline(never)
  public func plainAVX512() -> any KernelSet.Type { X86V4.self }
#endif
