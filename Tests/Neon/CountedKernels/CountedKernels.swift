import Kernels
import KernelsPortable

/// What of the kernels is called, as the report names it.
public enum KernelFamily: Int, CaseIterable {
  case floatProducts, widenedProducts, byteProducts, shortProducts, byteWeightProducts, strassenRows, strassenProducts
  case imageProducts, shortImageProducts, imageWords
  case depthwise, gathering, maximumPools, averagePools, globalPools
  case activations, sums, pairs, normalizations, parametricRectifiers, softmax
  case unpackedPixels, packedPixels, columnPacking, bytePacking, shortPacking, winogradPacking, columnStarts
  case winogradInputs, winogradIntegers, winogradOutputs, winogradBytesInputs, winogradBytesOutputs
  case winogradWideInputs, winogradWideOutputs
  case winogradLineInputs, winogradLineOutputs, winogradLinePacking
  case quantizing, bands, peaks
}

/// The portable kernels, which count their calls. Whoever adds a kernel must add it here, and then call it.
///
/// A module of its own, so that the checks are compiled without compiling the kernels again: what they call is not inlined.
public enum CountedKernels: KernelSet {
  nonisolated(unsafe) private static var calls = [Int](repeating: 0, count: KernelFamily.allCases.count)

  @export(interface)
  public static func calls(of family: KernelFamily) -> Int { calls[family.rawValue] }

  private static func count(_ family: KernelFamily) { calls[family.rawValue] += 1 }

  public static var vectorWidth: Int { @export(interface) get { Portable.vectorWidth } }
  public static var channelsPerByteWord: Int { @export(interface) get { Portable.channelsPerByteWord } }
  public static var rowShift: Int32 { @export(interface) get { Portable.rowShift } }
  public static var shortRate: Double { @export(interface) get { Portable.shortRate } }

  @export(interface)
  public static func tileRows(_ arithmetic: Arithmetic) -> Int { Portable.tileRows(arithmetic) }

  @export(interface)
  public static func usesMatrixRegisters(_ arithmetic: Arithmetic) -> Bool { Portable.usesMatrixRegisters(arithmetic) }

  @export(interface)
  public static func isNative(_ arithmetic: Arithmetic) -> Bool { Portable.isNative(arithmetic) }

  @export(interface)
  public static func multiply(_ product: Product) {
    switch product.arithmetic {
    case .float32: count(.floatProducts)
    case .bfloat16: preconditionFailure("the portable kernels have no products of bf16")
    case .bfloat16Weights: count(.widenedProducts)
    case .int8: count(.byteProducts)
    case .int16: count(.shortProducts)
    case .int8Weights: count(.byteWeightProducts)
    }
    Portable.multiply(product)
  }

  @export(interface)
  public static func multiply(_ product: StrassenProduct) {
    count(.strassenProducts)
    Portable.multiply(product)
  }

  @export(interface)
  public static func multiply(_ image: ImageProduct) {
    count(image.product.arithmetic == .int16 ? .shortImageProducts : .imageProducts)
    Portable.multiply(image)
  }

  @export(interface)
  public static func combine(_ rows: StrassenRows) {
    count(.strassenRows)
    Portable.combine(rows)
  }

  @export(interface)
  public static func depthwise(_ run: DepthwiseRun) {
    count(.depthwise)
    Portable.depthwise(run)
  }

  @export(interface)
  public static func gather(_ run: GatherRun) {
    count(.gathering)
    Portable.gather(run)
  }

  @export(interface)
  public static func maximumPool(_ run: PoolRun) {
    count(.maximumPools)
    Portable.maximumPool(run)
  }

  @export(interface)
  public static func averagePool(_ run: PoolRun) {
    count(.averagePools)
    Portable.averagePool(run)
  }

  @export(interface)
  public static func globalPool(_ run: GlobalPoolRun) {
    count(.globalPools)
    Portable.globalPool(run)
  }

  @export(interface)
  public static func activate(_ line: ElementwiseRun, _ activation: Activation) {
    count(.activations)
    Portable.activate(line, activation)
  }

  @export(interface)
  public static func add(_ line: ElementwiseRun, _ other: UnsafePointer<Float>) {
    count(.sums)
    Portable.add(line, other)
  }

  @export(interface)
  public static func combine(_ run: BinaryRun) {
    count(.pairs)
    Portable.combine(run)
  }

  @export(interface)
  public static func normalize(
    _ line: ElementwiseRun, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, channels: Int
  ) {
    count(.normalizations)
    Portable.normalize(line, scale: scale, shift: shift, channels: channels)
  }

  @export(interface)
  public static func parametricRelu(_ line: ElementwiseRun, slopes: UnsafePointer<Float>, channels: Int) {
    count(.parametricRectifiers)
    Portable.parametricRelu(line, slopes: slopes, channels: channels)
  }

  @export(interface)
  public static func softmax(_ line: ElementwiseRun) {
    count(.softmax)
    Portable.softmax(line)
  }

  @export(interface)
  public static func unpack(_ words: UnsafePointer<Float>, to values: UnsafeMutablePointer<Float>, channels: Int) {
    count(.unpackedPixels)
    Portable.unpack(words, to: values, channels: channels)
  }

  @export(interface)
  public static func pack(_ values: UnsafePointer<Float>, to words: UnsafeMutablePointer<Float>, channels: Int) {
    count(.packedPixels)
    Portable.pack(values, to: words, channels: channels)
  }

  @export(interface)
  public static func pack(_ run: ColumnPacking) {
    count(.columnPacking)
    Portable.pack(run)
  }

  @export(interface)
  public static func pack(_ run: BytePacking) {
    count(.bytePacking)
    Portable.pack(run)
  }

  @export(interface)
  public static func measure(_ run: ColumnSizes) { Portable.measure(run) }

  @export(interface)
  public static func pack(_ run: ShortPacking) {
    count(.shortPacking)
    Portable.pack(run)
  }

  @export(interface)
  public static func pack(_ run: ImageWords) {
    count(.imageWords)
    Portable.pack(run)
  }

  @export(interface)
  public static func pack(_ run: WinogradPacking) {
    count(.winogradPacking)
    Portable.pack(run)
  }

  @export(interface)
  public static func sumColumns(_ run: ColumnStarts) {
    count(.columnStarts)
    Portable.sumColumns(run)
  }

  @export(interface)
  public static func transformInput(_ tiles: WinogradInput) {
    count(.winogradInputs)
    Portable.transformInput(tiles)
  }

  @export(interface)
  public static func transformInput(_ window: WinogradIntegers) {
    count(.winogradIntegers)
    Portable.transformInput(window)
  }

  @export(interface)
  public static func transformOutput(_ tiles: WinogradOutput) {
    count(.winogradOutputs)
    Portable.transformOutput(tiles)
  }

  @export(interface)
  public static func transformInput(_ run: WinogradBytesInput) {
    count(.winogradBytesInputs)
    Portable.transformInput(run)
  }

  @export(interface)
  public static func transformOutput(_ run: WinogradBytesOutput) {
    count(.winogradBytesOutputs)
    Portable.transformOutput(run)
  }

  @export(interface)
  public static func transformInput(_ run: WinogradWideInput) {
    count(.winogradWideInputs)
    Portable.transformInput(run)
  }

  @export(interface)
  public static func transformOutput(_ run: WinogradWideOutput) {
    count(.winogradWideOutputs)
    Portable.transformOutput(run)
  }

  @export(interface)
  public static func transformInput(_ line: WinogradLineInput) {
    count(.winogradLineInputs)
    Portable.transformInput(line)
  }

  @export(interface)
  public static func transformOutput(_ line: WinogradLineOutput) {
    count(.winogradLineOutputs)
    Portable.transformOutput(line)
  }

  @export(interface)
  public static func pack(_ run: WinogradLinePacking) {
    count(.winogradLinePacking)
    Portable.pack(run)
  }

  @export(interface)
  public static func quantize(_ run: QuantizeRun) {
    count(.quantizing)
    Portable.quantize(run)
  }

  @export(interface)
  public static func quantize(_ band: BandRun) -> Float {
    count(.bands)
    return Portable.quantize(band)
  }

  @export(interface)
  public static func multiplyAdds(_ count: Int, _ arithmetic: Arithmetic) -> Float {
    Self.count(.peaks)
    return Portable.multiplyAdds(count, arithmetic)
  }
}
