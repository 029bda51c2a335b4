import Kernels

extension MemberRun {
  /// Some tiles of the windows of a convolution, or some columns of parts of them. The windows of a block are from anywhere
  /// in the map: they are transformed, multiplied in a product for each point, and transformed back.
  func run(_ step: WinogradStep, _ phase: Phase, _ units: Range<Int>) {
    guard let grid = phase.division.grid else {
      let windows = step.tiling.windows(height: maps[step.output].height, width: maps[step.output].width)
      let own = phase.division.rows(of: units, in: windows)
      for (_, block) in PixelBlocks(own, tileRows: 1, limit: step.blockWindows) {
        produce(step, windows: 0..<block.count, of: block, scratch.rowPanel)
        multiply(step, block, scratch.rowPanel, tiles: 0..<tileCount(step, block.count), panels: 0..<step.panels)
      }
      return
    }
    grid.forEachPart(of: units) { part, panels in
      let block = grid.rows(part)
      if begins(part, in: phase) { produce(step, windows: 0..<block.count, of: block, scratch.rowPanel) }
      multiply(step, block, scratch.rowPanel, tiles: 0..<tileCount(step, block.count), panels: panels)
    }
  }

  private func across(_ step: WinogradStep) -> Int { step.tiling.windows(across: maps[step.output].width) }

  private func tileCount(_ step: WinogradStep, _ windows: Int) -> Int {
    (windows + step.shape.tileRows - 1) / step.shape.tileRows
  }

  private func rows(ofTile tile: Int, _ step: WinogradStep, _ block: Range<Int>) -> Range<Int> {
    kernels.rows(ofTile: tile, in: block.count, step.shape.arithmetic)
  }

  // MARK: Rows

  /// Transforms some windows of a block to its row panel, `[tile][point]`.
  private func produce(
    _ step: WinogradStep, windows: Range<Int>, of block: Range<Int>, _ panel: BoundedPointer<Float>
  ) {
    let pointStride = step.shape.tileStride(kernels)
    let tileWords = step.tiling.points * pointStride
    for tile in 0..<tileCount(step, block.count) {
      let rows = rows(ofTile: tile, step, block)
      let mine = rows.clamped(to: windows)
      let points = panel.part(from: tile * tileWords, count: tileWords)
      let first = block.lowerBound + mine.lowerBound
      forEachRun(of: first..<first + mine.count, width: across(step)) { y, x, count in
        let row = y * across(step) + x - block.lowerBound - rows.lowerBound
        if step.tiling.isWide {
          transformWide(step, y, x, count, to: points + row * vectorWidth, window: rows.lowerBound + row)
        } else if step.tiling == .bytes {
          transformToBytes(
            step, y, x, count, to: points + row * vectorWidth, window: rows.lowerBound + row)
        } else if step.shape.isInteger {
          for window in 0..<count {
            quantize(
              step, y, x + window, to: points + (row + window) * vectorWidth, window: rows.lowerBound + row + window)
          }
        } else {
          transform(
            step, y, x, count, to: points + row * vectorWidth, pointStride: pointStride,
            vectorStride: step.shape.tileRows * vectorWidth)
        }
      }
    }
  }

  /// Transforms adjacent windows.
  private func transform(
    _ step: WinogradStep, _ y: Int, _ x: Int, _ count: Int, to output: BoundedPointer<Float>, pointStride: Int,
    vectorStride: Int
  ) {
    if step.tiling.isLine {
      return transformLines(step, y, x, count, to: output, pointStride: pointStride, vectorStride: vectorStride)
    }
    let input = maps[step.input]
    let left = x * 4 - step.left
    gatherRows(of: input, top: y * 4 - step.top, height: 6, dilation: 1, columns: left..<left + 4 * count + 2)
    let reach = 35 * pointStride + (step.vectors - 1) * vectorStride + count * vectorWidth
    unsafe kernels.transformInput(
      WinogradInput(
        inputs: scratch.inputRows.reading(6), pixelStride: input.pixelStride, vectors: step.vectors, windows: count,
        output: output.writing(reach), pointStride: pointStride, windowStride: vectorWidth, vectorStride: vectorStride,
        element: input.element))
  }

  /// Transforms a window of a block to integers.
  private func quantize(
    _ step: WinogradStep, _ y: Int, _ x: Int, to output: BoundedPointer<Float>, window: Int
  ) {
    let input = maps[step.input]
    let left = x * 4 - step.left
    let pointStride = step.shape.tileStride(kernels)
    let segmentStride = step.shape.tileRows * vectorWidth
    gatherRows(of: input, top: y * 4 - step.top, height: 6, dilation: 1, columns: left..<left + 6)
    let reach = 35 * pointStride + (step.shape.segments - 1) * segmentStride + vectorWidth
    unsafe kernels.transformInput(
      WinogradIntegers(
        inputs: scratch.inputRows.reading(6), pixelStride: input.pixelStride, channels: step.shape.channels,
        element: input.element, output: output.writing(reach), pointStride: pointStride, segmentStride: segmentStride,
        scale: (scratch.rows + window).writing(1)))
  }

  // MARK: Products

  /// Some tiles of a block times some column panels; each is a product of a column panel for each point with rows of its own.
  private func multiply(
    _ step: WinogradStep, _ block: Range<Int>, _ rowPanel: BoundedPointer<Float>, tiles: Range<Int>,
    panels: Range<Int>
  ) {
    let points = step.tiling.points
    let pointStride = block.count * panelWidth
    for window in 0..<block.count { scratch.outputOffsets[window] = window * panelWidth }
    let last = rows(ofTile: tiles.upperBound - 1, step, block)
    let windows = rows(ofTile: tiles.lowerBound, step, block).lowerBound..<last.upperBound
    let first = block.lowerBound + windows.lowerBound
    let sums = scratch.beside(points * block.count * panelWidth)
    for panel in panels {
      multiply(step, block, rowPanel, tiles: tiles, panel: panel, to: sums)
      forEachRun(of: first..<first + windows.count, width: across(step)) { y, x, count in
        let window = y * across(step) + x - block.lowerBound
        transformBack(
          step, y, x, count, panel, sums + window * panelWidth, pointStride: pointStride, window: window)
      }
    }
  }

  private func multiply(
    _ step: WinogradStep, _ block: Range<Int>, _ rowPanel: BoundedPointer<Float>, tiles: Range<Int>, panel: Int,
    to sums: BoundedPointer<Float>
  ) {
    let (shape, points) = (step.shape, step.tiling.points)
    let pointStride = shape.tileStride(kernels)
    let panelWords = points * shape.panelWords
    let columns = shape.isInteger ? points * panelWidth : 0
    let starts = shape.arithmetic == .int8 ? panel * columns : 0
    let sums = unsafe sums.writing(points * block.count * panelWidth)
    unsafe kernels.multiply(
      Product(
        rowPanel: rowPanel.reading(tileCount(step, block.count) * points * pointStride), rowPanelStride: pointStride,
        rowCount: block.count, tiles: tiles, segmentStride: shape.tileRows * vectorWidth,
        tileStride: points * pointStride,
        columnPanels: (weights + (step.weights.panels + panel * panelWords)).reading(panelWords),
        depth: shape.depth, panels: 0..<points, narrowPanel: nil, bias: zeroRow.reading(points * panelWidth),
        output: sums, outputOffsets: scratch.outputOffsets.reading(block.count), residual: nil,
        residualOffsets: scratch.outputOffsets.reading(block.count), activation: .identity,
        arithmetic: shape.arithmetic,
        columnScales: (weights + (step.weights.scales + panel * columns)).reading(columns),
        starts: (weights + (step.weights.starts + starts)).rebound(to: Int32.self).reading(columns), sums: sums))
  }

  /// Transforms the sums of adjacent windows, of which a block's number is given for the first, to pixels.
  private func transformBack(
    _ step: WinogradStep, _ y: Int, _ x: Int, _ count: Int, _ panel: Int, _ sums: BoundedPointer<Float>,
    pointStride: Int, window: Int
  ) {
    switch step.tiling {
    case .square: break
    case .bytes:
      return transformBytesBack(step, y, x, count, panel, sums, pointStride: pointStride, window: window)
    case .five, .six:
      return transformWideBack(step, y, x, count, panel, sums, pointStride: pointStride, window: window)
    case .row, .column:
      return transformLinesBack(
        step, y, x, count, panel, sums, pointStride: pointStride, windowStride: panelWidth)
    }
    let output = maps[step.output]
    let rows = findOutput(step, y, x, panel)
    unsafe kernels.transformOutput(
      WinogradOutput(
        sums: sums.reading(35 * pointStride + count * panelWidth), pointStride: pointStride,
        windowStride: panelWidth, bias: (weights + (step.bias + panel * panelWidth)).reading(panelWidth),
        activation: step.activation, outputs: scratch.outputRows.reading(rows),
        residuals: step.residual == nil ? nil : scratch.residualRows.reading(rows), rows: rows,
        pixelStride: output.pixelStride, windows: count, pixels: output.width - x * 4, element: output.element,
        scales: step.shape.isInteger ? scales(step, panel, scale: window, count) : nil))
  }

  /// Finds the rows of a window that are inside the output, and of what is added to them.
  func findOutput(_ step: WinogradStep, _ y: Int, _ x: Int, _ panel: Int) -> Int {
    let output = maps[step.output]
    let words = output.panelWords(panelWidth)
    let pixels = step.tiling.pixels
    let rows = min(output.height - y * pixels.height, pixels.height)
    for index in 0..<rows {
      let (down, across) = (y * pixels.height + index, x * pixels.width)
      let pixel = row(down, of: output) + (across * output.pixelStride + panel * words)
      unsafe scratch.outputRows[index] = pixel.writing(words)
      guard let residual = step.residual.map({ maps[$0] }) else { continue }
      let added = row(down, of: residual) + (across * residual.pixelStride + panel * words)
      unsafe scratch.residualRows[index] = added.reading(words)
    }
    return rows
  }

  /// - Parameter scale: Where the windows' scales begin.
  func scales(_ step: WinogradStep, _ panel: Int, scale: Int, _ count: Int) -> WinogradScales {
    let columns = step.tiling.points * panelWidth
    return unsafe WinogradScales(
      columns: (weights + (step.weights.scales + panel * columns)).reading(columns),
      windows: (scratch.rows + scale).reading(count))
  }
}
