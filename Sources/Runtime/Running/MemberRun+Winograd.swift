import Kernels

extension MemberRun {
  /// Rows of a 3 x 3 convolution, four at a time: windows transformed, 36 products, transformed back.
  func run(_ step: WinogradStep, rows: Range<Int>) {
    let width = maps[step.output].width
    let windows = (width + 3) / 4
    let parts = (windows + tileRows - 1) / tileRows
    for band in rows.lowerBound / 4..<(rows.upperBound + 3) / 4 {
      for part in 0..<parts { run(step, band: band, windows: share(part, of: parts, windows)) }
    }
  }

  private func run(_ step: WinogradStep, band: Int, windows: Range<Int>) {
    let input = maps[step.input]
    let output = maps[step.output]
    let x = windows.lowerBound * 4
    gatherRows(of: input, top: band * 4 - step.top, height: 6, dilation: 1, first: x - step.left)
    kernels.transformInput(
      WinogradInput(
        inputs: scratch.inputRows, pixelStride: input.pixelStride, vectors: step.vectors, windows: windows.count,
        rowPanels: scratch.rowPanel, element: input.element))
    let rows = min(output.height - band * 4, 4)
    for panel in 0..<step.panels {
      multiply(step, panel: panel, windows: windows.count)
      for index in 0..<rows {
        scratch.outputRows[index] =
          row(band * 4 + index, of: output) + (x * output.pixelStride + panel * output.panelWords(panelWidth))
      }
      kernels.transformOutput(
        WinogradOutput(
          sums: scratch.sums, bias: weights + (step.bias + panel * panelWidth),
          activation: step.activation, outputs: scratch.outputRows, rows: rows, pixelStride: output.pixelStride,
          windows: windows.count, pixels: output.width - x, element: output.element))
    }
  }

  /// The 36 products of some windows with one column panel: one product of 36 column panels, each with rows of its own.
  private func multiply(_ step: WinogradStep, panel: Int, windows: Int) {
    kernels.multiply(
      Product(
        rowPanel: scratch.rowPanel, rowPanelStride: step.vectors * tileRows * vectorWidth, rowCount: windows,
        tiles: 0..<1,
        segmentStride: tileRows * vectorWidth, tileStride: 0,
        columnPanels: weights + (step.weights + panel * 36 * step.depth * panelWidth), depth: step.depth,
        panels: 0..<36, narrowPanel: nil, bias: zeroRow, output: scratch.sums, outputOffsets: scratch.outputOffsets,
        residual: nil, residualOffsets: scratch.outputOffsets, activation: .identity,
        sums: scratch.sums))
  }
}
