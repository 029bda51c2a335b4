/// An instruction set that leaves what its own instructions do not concern to another one with the same vectors and
/// tiles: compiled once more, those kernels would be in each program twice.
public protocol DelegatingUnit: VectorUnit {
  static var base: any KernelSet.Type { get }
}

extension DelegatingUnit {
  public static func multiply(_ product: StrassenProduct) { base.multiply(product) }
  public static func multiply(_ image: ImageProduct) { base.multiply(image) }
  public static func combine(_ rows: StrassenRows) { base.combine(rows) }
  public static func depthwise(_ run: DepthwiseRun) { base.depthwise(run) }
  public static func gather(_ run: GatherRun) { base.gather(run) }
  public static func maximumPool(_ run: PoolRun) { base.maximumPool(run) }
  public static func averagePool(_ run: PoolRun) { base.averagePool(run) }
  public static func globalPool(_ run: GlobalPoolRun) { base.globalPool(run) }
  public static func activate(_ line: ElementwiseRun, _ activation: Activation) { base.activate(line, activation) }
  public static func add(_ line: ElementwiseRun, _ other: UnsafePointer<Float>) { base.add(line, other) }
  public static func combine(_ run: BinaryRun) { base.combine(run) }
  public static func softmax(_ line: ElementwiseRun) { base.softmax(line) }
  public static func transformInput(_ tiles: WinogradInput) { base.transformInput(tiles) }
  public static func transformInput(_ window: WinogradIntegers) { base.transformInput(window) }
  public static func transformOutput(_ tiles: WinogradOutput) { base.transformOutput(tiles) }
  public static func transformOutput(_ run: WinogradBytesOutput) { base.transformOutput(run) }
  public static func transformInput(_ run: WinogradWideInput) { base.transformInput(run) }
  public static func transformOutput(_ run: WinogradWideOutput) { base.transformOutput(run) }
  public static func transformInput(_ line: WinogradLineInput) { base.transformInput(line) }
  public static func transformOutput(_ line: WinogradLineOutput) { base.transformOutput(line) }
  public static func pack(_ run: ColumnPacking) { base.pack(run) }
  public static func pack(_ run: WinogradPacking) { base.pack(run) }
  public static func pack(_ run: WinogradLinePacking) { base.pack(run) }
  public static func measure(_ run: ColumnSizes) { base.measure(run) }
  public static func pack(_ run: ShortPacking) { base.pack(run) }
  public static func pack(_ run: ImageWords) { base.pack(run) }

  public static func normalize(
    _ line: ElementwiseRun, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, channels: Int
  ) { base.normalize(line, scale: scale, shift: shift, channels: channels) }

  public static func parametricRelu(_ line: ElementwiseRun, slopes: UnsafePointer<Float>, channels: Int) {
    base.parametricRelu(line, slopes: slopes, channels: channels)
  }

  public static func unpack(_ words: UnsafePointer<Float>, to values: UnsafeMutablePointer<Float>, channels: Int) {
    base.unpack(words, to: values, channels: channels)
  }

  public static func pack(_ values: UnsafePointer<Float>, to words: UnsafeMutablePointer<Float>, channels: Int) {
    base.pack(values, to: words, channels: channels)
  }
}
