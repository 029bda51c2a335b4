import Kernels

extension MemberRun {
  /// The first-level data cache, which three image rows of a chunk of channels should fit.
  private static let firstLevelBytes = 32 << 10

  /// The most vectors of channels to compute at once for all pixels of a block; all of them where rows are so long that
  /// only a few would fit, as short pieces of many rows are slow to read.
  func depthwiseVectors(_ map: FeatureMap, _ window: PlacedWindow) -> Int {
    let bytes = map.element == .float32 ? 4 : 2
    let lines = Self.firstLevelBytes / (window.height * (map.left + map.width + map.right) * vectorWidth * bytes)
    return lines < 4 ? .max : lines & ~1
  }

  /// Depthwise sums of `count` pixels from (y, x) on, for some vectors of channels: whole pairs, where either side is
  /// packed.
  func depthwise(
    _ step: DepthwiseStep, y: Int, x: Int, count: Int, vectors: Range<Int>, _ output: BoundedPointer<Float>,
    slots: BoundedPointer<Int>, vectorStride: Int, _ element: MapElementType = .float32, tailWords: Int = 0
  ) {
    let map = maps[step.input]
    let window = step.window
    gatherRows(
      of: map, top: y * window.strideDown - window.top, height: window.height, dilation: window.dilationDown,
      columns: columns(of: window, x: x, count: count))
    assert(output.contains(slots, count: count, width: vectorWidth), "a pixel's slot lies outside the output")
    unsafe kernels.depthwise(
      DepthwiseRun(
        inputs: scratch.inputRows.reading(window.height), pixelStride: map.pixelStride, ahead: map.rowStride,
        window: DepthwiseWindow(
          height: window.height, width: window.width, stride: window.strideAcross, dilation: window.dilationAcross),
        vectors: vectors,
        weights: (weights + step.weights).reading(vectors.upperBound * (1 + window.taps) * vectorWidth),
        inputActivation: step.inputActivation, activation: step.activation, output: output.writing(0),
        slots: slots.reading(count), vectorStride: vectorStride, pixels: count,
        inputElement: map.element, outputElement: element,
        tailWords: tailWords))
  }

  /// Rows of a depthwise convolution whose result is a map.
  func run(_ step: DepthwiseStep, rows: Range<Int>) {
    let output = maps[step.output]
    for x in 0..<output.width { scratch.slots[x] = x * output.pixelStride }
    let vectors = output.pixelWords / vectorWidth * (output.element == .float32 ? 1 : 2)
    for y in rows {
      depthwise(
        step, y: y, x: 0, count: output.width, vectors: 0..<vectors, row(y, of: output), slots: scratch.slots,
        vectorStride: vectorWidth, output.element)
      if step.sumsRows { sumRow(y, of: output) }
    }
  }

  /// Adds the values of each channel of a row.
  private func sumRow(_ y: Int, of map: FeatureMap) {
    unsafe kernels.globalPool(
      GlobalPoolRun(
        isMaximum: false, input: row(y, of: map).reading(map.width * map.pixelStride), height: 1, width: map.width,
        rowStride: 0, pixelStride: map.pixelStride, vectors: 0..<map.pixelWords / vectorWidth,
        output: sums(of: row(y, of: map), map).writing(map.sumWords), element: map.element, divisor: 1))
  }

  /// Some vectors of a map's mean, from the sums of its rows.
  func mean(_ map: FeatureMap, _ output: FeatureMap, vectors: Range<Int>) {
    unsafe kernels.globalPool(
      GlobalPoolRun(
        isMaximum: false, input: sums(of: pixels(of: map), map).reading(0), height: map.height, width: 1,
        rowStride: map.rowStride, pixelStride: 0, vectors: vectors,
        output: row(0, of: output).writing(output.pixelStride), outputElement: output.element, divisor: map.pixels))
  }

  /// Where the sums of a row are, whose first pixel is given.
  private func sums(of row: BoundedPointer<Float>, _ map: FeatureMap) -> BoundedPointer<Float> {
    row + (map.width + map.right) * map.pixelStride
  }
}
