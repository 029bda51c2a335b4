import Kernels

/// Winograd's transforms of lines of pixels, for convolutions of 1 x 7 and of 7 x 1.
extension MemberRun {
  /// Transforms adjacent windows.
  func transformLines(
    _ step: WinogradStep, _ y: Int, _ x: Int, _ count: Int, to output: BoundedPointer<Float>, pointStride: Int,
    vectorStride: Int
  ) {
    let input = maps[step.input]
    let pixels = step.tiling.pixels
    let (top, left) = (y * pixels.height - step.top, x * pixels.width - step.left)
    if step.tiling == .row {
      gatherRows(of: input, top: top, height: 1, dilation: 1, columns: left..<left + 2 * count + 6)
      for index in 1..<8 {
        unsafe scratch.inputRows[index] = scratch.inputRows[0] + index * input.pixelStride
      }
    } else {
      gatherRows(of: input, top: top, height: 8, dilation: 1, columns: left..<left + count)
    }
    let reach = 7 * pointStride + (step.vectors - 1) * vectorStride + count * vectorWidth
    unsafe kernels.transformInput(
      WinogradLineInput(
        inputs: scratch.inputRows.reading(8), step: pixels.width * input.pixelStride, vectors: step.vectors,
        windows: count, output: output.writing(reach), pointStride: pointStride, windowStride: vectorWidth,
        vectorStride: vectorStride))
  }

  /// Transforms the sums of adjacent windows to pixels; of the last window in a row, one pixel may be all that the map has.
  func transformLinesBack(
    _ step: WinogradStep, _ y: Int, _ x: Int, _ count: Int, _ panel: Int, _ sums: BoundedPointer<Float>,
    pointStride: Int, windowStride: Int
  ) {
    let output = maps[step.output]
    let pixels = step.tiling.pixels
    let whole = step.tiling == .column || 2 * (x + count) <= output.width ? count : count - 1
    let height = min(output.height - y * pixels.height, pixels.height)
    transformLinesBack(
      step, y, x, 0..<whole, pixels: step.tiling == .row ? 2 : height, panel, sums, pointStride: pointStride,
      windowStride: windowStride)
    transformLinesBack(
      step, y, x, whole..<count, pixels: 1, panel, sums, pointStride: pointStride, windowStride: windowStride)
  }

  private func transformLinesBack(
    _ step: WinogradStep, _ y: Int, _ x: Int, _ windows: Range<Int>, pixels: Int, _ panel: Int,
    _ sums: BoundedPointer<Float>, pointStride: Int, windowStride: Int
  ) {
    guard !windows.isEmpty else { return }
    let output = maps[step.output]
    let first = x + windows.lowerBound
    for index in 0..<pixels {
      unsafe scratch.outputRows[index] = pixel(index, of: first, y, step, output, panel).writing(panelWidth)
      guard let residual = step.residual.map({ maps[$0] }) else { continue }
      unsafe scratch.residualRows[index] = pixel(index, of: first, y, step, residual, panel).reading(panelWidth)
    }
    unsafe kernels.transformOutput(
      WinogradLineOutput(
        sums: (sums + windows.lowerBound * windowStride)
          .reading(7 * pointStride + (windows.count - 1) * windowStride + panelWidth), pointStride: pointStride,
        windowStride: windowStride, bias: (weights + (step.bias + panel * panelWidth)).reading(panelWidth),
        activation: step.activation, outputs: scratch.outputRows.reading(pixels),
        residuals: step.residual == nil ? nil : scratch.residualRows.reading(pixels), pixels: pixels,
        step: step.tiling.pixels.width * output.pixelStride, windows: windows.count))
  }

  /// The first channel of a column panel in one of the pixels of a window.
  private func pixel(
    _ index: Int, of x: Int, _ y: Int, _ step: WinogradStep, _ map: FeatureMap, _ panel: Int
  ) -> BoundedPointer<Float> {
    let pixels = step.tiling.pixels
    let (down, across) = step.tiling == .row ? (0, index) : (index, 0)
    return row(y * pixels.height + down, of: map)
      + ((x * pixels.width + across) * map.pixelStride + panel * map.panelWords(panelWidth))
  }
}
