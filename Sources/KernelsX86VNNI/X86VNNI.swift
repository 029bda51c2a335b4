#if arch(x86_64)
  import Kernels
  import KernelsX86V4

  /// AVX-512 with VNNI: Cascade Lake, Ice Lake. What has nothing to do with bytes is `X86V4`'s.
  public enum X86VNNI: AVX512VNNI {
    private static var plain: any KernelSet.Type { plainAVX512() }

    public static func multiply(_ product: Product) {
      if product.arithmetic == .int8 { multiplyIntegers(product) } else { plain.multiply(product) }
    }

    public static func multiplyAdds(_ count: Int, _ arithmetic: Arithmetic) -> Float {
      arithmetic == .int8 ? multiplyAddsOfIntegers(count) : plain.multiplyAdds(count, arithmetic)
    }

    public static func multiply(_ product: StrassenProduct) { plain.multiply(product) }
    public static func combine(_ rows: StrassenRows) { plain.combine(rows) }
    public static func depthwise(_ run: DepthwiseRun) { plain.depthwise(run) }
    public static func gather(_ run: GatherRun) { plain.gather(run) }
    public static func maximumPool(_ run: PoolRun) { plain.maximumPool(run) }
    public static func averagePool(_ run: PoolRun) { plain.averagePool(run) }
    public static func mean(_ mean: ChannelMean) { plain.mean(mean) }
    public static func activate(_ line: Line, _ function: Elementwise) { plain.activate(line, function) }
    public static func add(_ line: Line, _ other: UnsafePointer<Float>) { plain.add(line, other) }
    public static func softmax(_ line: Line) { plain.softmax(line) }
    public static func transformInput(_ tiles: WinogradInput) { plain.transformInput(tiles) }
    public static func transformOutput(_ tiles: WinogradOutput) { plain.transformOutput(tiles) }
    public static func pack(_ run: ColumnPacking) { plain.pack(run) }
    public static func pack(_ run: WinogradPacking) { plain.pack(run) }

    public static func normalize(
      _ line: Line, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, channels: Int
    ) { plain.normalize(line, scale: scale, shift: shift, channels: channels) }

    public static func unpack(_ words: UnsafePointer<Float>, to values: UnsafeMutablePointer<Float>, channels: Int) {
      plain.unpack(words, to: values, channels: channels)
    }

    public static func pack(_ values: UnsafePointer<Float>, to words: UnsafeMutablePointer<Float>, channels: Int) {
      plain.pack(values, to: words, channels: channels)
    }
  }
#endif
