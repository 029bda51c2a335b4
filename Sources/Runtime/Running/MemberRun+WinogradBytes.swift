import Kernels

/// Winograd's transforms whose products are of bytes.
extension MemberRun {
  /// Transforms adjacent windows of a block, of which a number is given for the first.
  func transformToBytes(
    _ step: WinogradStep, _ y: Int, _ x: Int, _ count: Int, to output: BoundedPointer<Float>, window: Int
  ) {
    let input = maps[step.input]
    let left = x * 2 - step.left
    let pointStride = step.shape.tileStride(kernels)
    let segmentStride = step.shape.tileRows * vectorWidth
    let lineStride = step.shape.lineStride(kernels)
    gatherRows(of: input, top: y * 2 - step.top, height: 4, dilation: 1, columns: left..<left + 2 * count + 2)
    let reach = 15 * pointStride + (step.shape.segments - 1) * segmentStride + count * vectorWidth
    unsafe kernels.transformInput(
      WinogradBytesInput(
        inputs: scratch.inputRows.reading(4), pixelStride: input.pixelStride, channels: step.shape.channels,
        element: input.element, windows: count,
        lines: (scratch.rows + step.scaleCount).writing(16 * lineStride + 4 * vectorWidth), lineStride: lineStride,
        output: output.writing(reach), pointStride: pointStride, segmentStride: segmentStride,
        scales: (scratch.rows + 16 * window).writing(16 * count)))
  }

  /// Transforms the sums of adjacent windows to pixels.
  func transformBytesBack(
    _ step: WinogradStep, _ y: Int, _ x: Int, _ count: Int, _ panel: Int, _ sums: BoundedPointer<Float>,
    pointStride: Int, window: Int
  ) {
    let output = maps[step.output]
    let rows = findOutput(step, y, x, panel)
    unsafe kernels.transformOutput(
      WinogradBytesOutput(
        sums: sums.reading(15 * pointStride + count * panelWidth), pointStride: pointStride, windowStride: panelWidth,
        scales: scales(step, panel, scale: 16 * window, 16 * count),
        bias: (weights + (step.bias + panel * panelWidth)).reading(panelWidth), activation: step.activation,
        outputs: scratch.outputRows.reading(rows),
        residuals: step.residual == nil ? nil : scratch.residualRows.reading(rows), rows: rows,
        pixelStride: output.pixelStride, windows: count, pixels: output.width - x * 2, element: output.element))
  }
}
