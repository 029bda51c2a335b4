import Kernels

extension MemberRun {
  /// A product by one level of Strassen's, in the same way: the rows are pairs of pixels, 2i and 2i + 1.
  func runStrassen(_ step: ProductStep, _ phase: Phase, _ units: Range<Int>) {
    guard let grid = phase.division.grid else {
      return runStrassen(step, pairs: phase.division.rows(of: units, in: (maps[step.output].pixels + 1) / 2))
    }
    grid.forEachPart(of: units) { part, units in
      let pairs = grid.rows(part)
      let block = pixels(of: pairs, step)
      if begins(part, in: phase) {
        place(pairs: block, step)
        produce(step, pairs: 0..<pairs.count, of: block, scratch.rowPanel)
      }
      multiply(step, block, scratch.rowPanel, tiles: 0..<tileCount(step, pairs.count), units: units)
    }
  }

  /// Some pairs, in blocks that fit the operands.
  private func runStrassen(_ step: ProductStep, pairs: Range<Int>) {
    for (_, pairs) in PixelBlocks(pairs, tileRows: 1, limit: step.blockTiles * step.shape.tileRows) {
      let block = pixels(of: pairs, step)
      place(pairs: block, step)
      produce(step, pairs: 0..<pairs.count, of: block, scratch.rowPanel)
      multiply(
        step, block, scratch.rowPanel, tiles: 0..<tileCount(step, pairs.count),
        units: 0..<(step.panels.count + 1) / 2)
    }
  }

  /// The pixels of some pairs; only the last pair may have one pixel.
  private func pixels(of pairs: Range<Int>, _ step: ProductStep) -> Range<Int> {
    2 * pairs.lowerBound..<min(2 * pairs.upperBound, maps[step.output].pixels)
  }

  private func halfSegments(_ step: ProductStep) -> Int { kernels.strassenHalf(of: step.shape.depth) / vectorWidth }
  private func tileFloats(_ step: ProductStep) -> Int { halfSegments(step) * segmentStride(step) }
  private func operandStride(_ step: ProductStep) -> Int { step.blockTiles * tileFloats(step) }

  /// Records where each pixel of a block is in its operand (the odd ones two operands behind the even ones), and where
  /// the even pixels, then the odd ones, are in the output and in the residual.
  private func place(pairs block: Range<Int>, _ step: ProductStep) {
    let output = maps[step.output]
    let residual = maps[step.residual ?? 0]
    let pairs = (block.count + 1) / 2
    let tiles = tileCount(step, pairs)
    var tile = 0
    for pair in 0..<pairs {
      if pair == share(tile, of: tiles, pairs).upperBound { tile += 1 }
      let row = pair - share(tile, of: tiles, pairs).lowerBound
      let slot = tile * tileFloats(step) + row * vectorWidth
      scratch.slots[2 * pair] = slot
      scratch.slots[2 * pair + 1] = slot + 2 * operandStride(step)
    }
    var (y, x) = block.lowerBound.quotientAndRemainder(dividingBy: output.width)
    for index in 0..<block.count {
      let place = index & 1 * pairs + index / 2
      scratch.outputOffsets[place] = y % output.rows * output.rowStride + x * output.pixelStride
      if step.residual != nil {
        scratch.residualOffsets[place] = y % residual.rows * residual.rowStride + x * residual.pixelStride
      }
      x += 1
      if x == output.width { (y, x) = (y + 1, 0) }
    }
  }

  /// Fills the operands of some pairs: depthwise sums of the first half of the channels, of the second, and their sums.
  private func produce(
    _ step: ProductStep, pairs: Range<Int>, of block: Range<Int>, _ operands: BoundedPointer<Float>
  ) {
    guard !pairs.isEmpty, case .depthwise(let window, let weights) = step.producer else { return }
    let pixels =
      block.lowerBound + 2 * pairs.lowerBound..<min(block.lowerBound + 2 * pairs.upperBound, block.upperBound)
    let half = halfSegments(step)
    let segmentStride = segmentStride(step)
    let stride = operandStride(step)
    depthwise(
      step, window, weights, pixels: pixels, of: block, vectors: 0..<half, operands, vectorStride: segmentStride)
    depthwise(
      step, window, weights, pixels: pixels, of: block, vectors: half..<step.shape.segments,
      operands + (stride - half * segmentStride), vectorStride: segmentStride)
    clearPadding(step, pairs: pairs, of: block, operands)
    unsafe kernels.combine(
      StrassenRows(
        operands: operands.writing(8 * stride), operandStride: stride,
        slots: scratch.slots.reading(2 * pairs.upperBound), pairs: pairs, segments: half,
        segmentStride: segmentStride))
  }

  /// The second half of the channels may be a segment shorter than the first, and the last pair may have no odd pixel.
  private func clearPadding(
    _ step: ProductStep, pairs: Range<Int>, of block: Range<Int>, _ operands: BoundedPointer<Float>
  ) {
    let half = halfSegments(step)
    let segmentStride = segmentStride(step)
    for pixel in 2 * pairs.lowerBound..<2 * pairs.upperBound {
      for segment in step.shape.segments - half..<half {
        let place = operands + (scratch.slots[pixel] + operandStride(step) + segment * segmentStride)
        place.update(repeating: 0, count: vectorWidth)
      }
    }
    guard block.count % 2 == 1, 2 * pairs.upperBound > block.count else { return }
    for segment in 0..<half {
      let place = operands + (scratch.slots[block.count] + segment * segmentStride)
      place.update(repeating: 0, count: vectorWidth)
      (place + operandStride(step)).update(repeating: 0, count: vectorWidth)
    }
  }

  private func multiply(
    _ step: ProductStep, _ block: Range<Int>, _ operands: BoundedPointer<Float>, tiles: Range<Int>,
    units: Range<Int>
  ) {
    let pairs = (block.count + 1) / 2
    let factorWords = 4 * halfSegments(step) * vectorWidth * panelWidth
    assertPlaced(block.count, in: step)
    unsafe kernels.multiply(
      StrassenProduct(
        even: Product(
          rowPanel: operands.reading(8 * operandStride(step)), rowPanelStride: 0, rowCount: pairs, tiles: tiles,
          segmentStride: segmentStride(step), tileStride: tileFloats(step),
          columnPanels: columnPanels(of: step),
          depth: step.shape.depth, panels: 0..<0, narrowPanel: step.narrowPanel, bias: bias(of: step),
          output: pixels(of: maps[step.output]).writing(0),
          outputOffsets: scratch.outputOffsets.reading(pairs),
          residual: step.residual.map { unsafe pixels(of: maps[$0]).reading(0) },
          residualOffsets: scratch.residualOffsets.reading(pairs), activation: step.activation),
        operandStride: operandStride(step), oddOffsets: (scratch.outputOffsets + pairs).reading(block.count / 2),
        oddResidualOffsets: (scratch.residualOffsets + pairs).reading(block.count / 2), oddCount: block.count / 2,
        panelCount: step.panels.count, units: units, zeros: zeroRow.reading(panelWidth),
        factors: scratch.beside(factorWords).writing(factorWords),
        sums: scratch.tileSums.writing(3 * step.shape.tileRows * panelWidth)))
  }
}
