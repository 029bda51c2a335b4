import Kernels

/// Winograd's transforms of windows of 8 x 8 pixels.
extension MemberRun {
  /// Transforms adjacent windows of a block, of which a number is given for the first.
  func transformWide(
    _ step: WinogradStep, _ y: Int, _ x: Int, _ count: Int, to output: BoundedPointer<Float>, window: Int
  ) {
    let input = maps[step.input]
    let side = step.tiling.pixels.width
    let left = x * side - step.left
    let pointStride = step.shape.tileStride(kernels)
    let segmentStride = step.shape.tileRows * vectorWidth
    gatherRows(
      of: input, top: y * side - step.top, height: 8, dilation: 1, columns: left..<left + side * (count - 1) + 8)
    let reach = 63 * pointStride + (step.shape.segments - 1) * segmentStride + count * vectorWidth
    unsafe kernels.transformInput(
      WinogradWideInput(
        inputs: scratch.inputRows.reading(8), pixelStride: input.pixelStride, step: side * input.pixelStride,
        channels: step.shape.channels, element: input.element, windows: count,
        memory: wideMemory(step).writing(step.wideWords(kernels)), lineStride: step.shape.lineStride(kernels),
        output: output.writing(reach), pointStride: pointStride, segmentStride: segmentStride,
        scales: step.shape.isInteger ? (scratch.rows + window).writing(count) : nil))
  }

  /// Transforms the sums of adjacent windows to pixels.
  func transformWideBack(
    _ step: WinogradStep, _ y: Int, _ x: Int, _ count: Int, _ panel: Int, _ sums: BoundedPointer<Float>,
    pointStride: Int, window: Int
  ) {
    let output = maps[step.output]
    let side = step.tiling.pixels.width
    let rows = findOutput(step, y, x, panel)
    unsafe kernels.transformOutput(
      WinogradWideOutput(
        side: side, sums: sums.reading(63 * pointStride + count * panelWidth), pointStride: pointStride,
        windowStride: panelWidth, scales: step.shape.isInteger ? scales(step, panel, scale: window, count) : nil,
        bias: (weights + (step.bias + panel * panelWidth)).reading(panelWidth), activation: step.activation,
        outputs: scratch.outputRows.reading(rows),
        residuals: step.residual == nil ? nil : scratch.residualRows.reading(rows), rows: rows,
        pixelStride: output.pixelStride, windows: count, pixels: output.width - x * side, element: output.element,
        memory: wideMemory(step).writing(WinogradWideOutput.memoryVectors * vectorWidth)))
  }

  /// Behind the scales of a block.
  private func wideMemory(_ step: WinogradStep) -> BoundedPointer<Float> { scratch.rows + step.scaleCount }
}
