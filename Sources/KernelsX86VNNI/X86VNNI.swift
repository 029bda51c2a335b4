#if arch(x86_64)
  import Kernels
  import KernelsX86V4

  /// AVX-512 with VNNI: Cascade Lake, Ice Lake. Whatever does not involve bytes is left to `X86V4`.
  public enum X86VNNI: AVX512VNNI, DelegatingUnit {
    public static var base: any KernelSet.Type { plainAVX512() }

    public static func multiply(_ product: Product) {
      switch product.arithmetic {
      case .int8: multiplyIntegers(product)
      case .int16: multiplyShorts(product)
      case .float32, .bfloat16, .bfloat16Weights, .int8Weights: base.multiply(product)
      }
    }

    public static func pack(_ run: WinogradPacking) {
      if run.arithmetic == .int8 { packBytes(run) } else { base.pack(run) }
    }

    public static func multiply(_ image: ImageProduct) {
      if image.product.arithmetic == .int16 { multiplyShorts(image) } else { base.multiply(image) }
    }

    public static func multiplyAdds(_ count: Int, _ arithmetic: Arithmetic) -> Float {
      switch arithmetic {
      case .int8: multiplyAddsOfIntegers(count)
      case .int16: multiplyAddsOfShorts(count)
      case .float32, .bfloat16, .bfloat16Weights, .int8Weights: base.multiplyAdds(count, arithmetic)
      }
    }
  }
#endif
