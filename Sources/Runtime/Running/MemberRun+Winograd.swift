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
    gatherRows(
      of: input, top: band * 4 - step.top, height: 6, dilation: 1,
      columns: x - step.left..<x - step.left + 4 * windows.count + 2)
    unsafe kernels.transformInput(
      WinogradInput(
        inputs: scratch.inputRows.reading(6), pixelStride: input.pixelStride, vectors: step.vectors,
        windows: windows.count,
        rowPanels: scratch.rowPanel.writing(36 * step.vectors * tileRows * vectorWidth), element: input.element))
    let rows = min(output.height - band * 4, 4)
    for panel in 0..<step.panels {
      multiply(step, panel: panel, windows: windows.count)
      for index in 0..<rows {
        let words = output.panelWords(panelWidth)
        unsafe scratch.outputRows[index] =
          (row(band * 4 + index, of: output) + (x * output.pixelStride + panel * words)).writing(words)
      }
      unsafe kernels.transformOutput(
        WinogradOutput(
          sums: scratch.sums.reading(36 * tileRows * panelWidth),
          bias: (weights + (step.bias + panel * panelWidth)).reading(panelWidth),
          activation: step.activation, outputs: scratch.outputRows.reading(rows), rows: rows,
          pixelStride: output.pixelStride,
          windows: windows.count, pixels: output.width - x, element: output.element))
    }
  }

  /// The 36 products of some windows with one column panel: one product of 36 column panels, each with rows of its own.
  private func multiply(_ step: WinogradStep, panel: Int, windows: Int) {
    unsafe kernels.multiply(
      Product(
        rowPanel: scratch.rowPanel.reading(36 * step.vectors * tileRows * vectorWidth),
        rowPanelStride: step.vectors * tileRows * vectorWidth, rowCount: windows,
        tiles: 0..<1,
        segmentStride: tileRows * vectorWidth, tileStride: 0,
        columnPanels: (weights + (step.weights + panel * 36 * step.depth * panelWidth))
          .reading(36 * step.depth * panelWidth), depth: step.depth,
        panels: 0..<36, narrowPanel: nil, bias: zeroRow.reading(36 * panelWidth),
        output: scratch.sums.writing(36 * tileRows * panelWidth), outputOffsets: scratch.outputOffsets.reading(windows),
        residual: nil, residualOffsets: scratch.outputOffsets.reading(windows), activation: .identity,
        sums: scratch.sums.writing(36 * tileRows * panelWidth)))
  }
}
