#if arch(x86_64)
  import Kernels

  /// AVX-512 with VNNI and BF16: Cooper Lake, Zen 4.
  public enum X86BF16: AVX512BF16 {}

  /// `X86BF16` as compiled in this module: where it is named elsewhere, its generic kernels would be compiled again.
  @inline(never)
  public func plainAVX512BF16() -> any KernelSet.Type { X86BF16.self }
#endif
