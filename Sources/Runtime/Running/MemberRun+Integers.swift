import Kernels

extension MemberRun {
  /// Fills the rows of some pixels of a block with integers: first the floats of a few neighbouring pixels, all
  /// channels, then each row's scale and its integers.
  func produceIntegers(
    _ step: ProductStep, pixels: Range<Int>, of block: Range<Int>, _ panel: BoundedPointer<Float>
  ) {
    if let bands = step.bands { return copyBands(step, bands, pixels: pixels, of: block, panel) }
    if readsPacked(step) { return quantizePacked(step, pixels: pixels, of: block, panel) }
    if let minimum = normalizedMinimum(step) {
      return quantizeNormalized(step, minimum: minimum, pixels: pixels, of: block, panel)
    }
    let stride = step.shape.lineStride(kernels)
    let most = step.shape.quantizedRows(kernels)
    for index in 0..<most { scratch.rowSlots[index] = index * stride }
    let width = maps[step.output].width
    forEachRun(of: pixels, width: width) { y, x, count in
      let pieces = (count + most - 1) / most
      for index in 0..<pieces {
        let piece = share(index, of: pieces, count)
        produceLines(step, y: y, x: x + piece.lowerBound, count: piece.count)
        let first = y * width + x + piece.lowerBound - block.lowerBound
        unsafe kernels.quantize(
          QuantizeRun(
            lines: scratch.rows.reading(piece.count * stride), lineStride: stride, rows: piece.count,
            channels: step.shape.channels, rowPanel: panel.writing(0),
            slots: (scratch.slots + first).reading(piece.count), segmentStride: segmentStride(step),
            scaleSlots: (scratch.scaleSlots + first).reading(piece.count), arithmetic: step.shape.arithmetic,
            limit: step.shape.limit(kernels)))
      }
    }
  }

  /// Whether rows of integers are made directly from a packed map's words.
  private func readsPacked(_ step: ProductStep) -> Bool {
    guard case .gather(let window, let channels) = step.producer, maps[step.input].element == .bfloat16,
      case .identity = step.inputActivation
    else { return false }
    return channels.count % panelWidth == 0 && (window.taps == 1 || step.scale == nil)
  }

  private func quantizePacked(
    _ step: ProductStep, pixels: Range<Int>, of block: Range<Int>, _ panel: BoundedPointer<Float>
  ) {
    guard case .gather(let window, let channels) = step.producer else { return }
    let map = maps[step.input]
    let width = maps[step.output].width
    // Where the words of a window are one piece, they are read where they are.
    let isPiece =
      window.taps == 1 || window.height == 1 && window.dilationAcross == 1 && map.pixelStride == map.pixelWords
    let lineStride = window.taps * map.pixelWords + vectorWidth
    let most = isPiece ? mostScaled(step) : step.shape.quantizedRows(kernels)
    if !isPiece { for index in 0..<most { scratch.rowSlots[index] = index * lineStride } }
    forEachRun(of: pixels, width: width, most: most) { y, x, count in
      let first = y * width + x - block.lowerBound
      if isPiece {
        gatherRows(
          of: map, top: y * window.strideDown - window.top, height: 1, dilation: 1,
          columns: columns(of: window, x: x, count: count))
        let pixelStride = scaleInput(of: step, count: count)
        let lines = unsafe scratch.inputRows[0]
        unsafe quantizePacked(step, lines, window.strideAcross * pixelStride, first, count, panel)
      } else {
        gather(
          step, window, channels, y: y, x: x, count: count, scratch.rows, slots: scratch.rowSlots,
          segmentStride: vectorWidth, .bfloat16)
        unsafe quantizePacked(step, scratch.rows.reading(count * lineStride), lineStride, first, count, panel)
      }
    }
  }

  /// Makes rows of integers of lines of packed words.
  private func quantizePacked(
    _ step: ProductStep, _ lines: UnsafePointer<Float>, _ lineStride: Int, _ first: Int, _ count: Int,
    _ panel: BoundedPointer<Float>
  ) {
    unsafe kernels.quantize(
      QuantizeRun(
        lines: lines, lineStride: lineStride, rows: count, channels: step.shape.channels, rowPanel: panel.writing(0),
        slots: (scratch.slots + first).reading(count), segmentStride: segmentStride(step),
        scaleSlots: (scratch.scaleSlots + first).reading(count), arithmetic: step.shape.arithmetic,
        limit: step.shape.limit(kernels), element: .bfloat16))
  }

  /// The lower limit of normalized values, where pixels are normalized and become integers in one pass.
  private func normalizedMinimum(_ step: ProductStep) -> Float? {
    guard case .depthwise(let window, _) = step.producer, window.taps == 1, case .identity = step.inputActivation,
      step.shape.channels % panelWidth == 0,
      let limits = step.middleActivation.limits, limits.maximum == .infinity
    else { return nil }
    return limits.minimum
  }

  private func quantizeNormalized(
    _ step: ProductStep, minimum: Float, pixels: Range<Int>, of block: Range<Int>, _ panel: BoundedPointer<Float>
  ) {
    guard case .depthwise(let window, let factors) = step.producer else { return }
    let map = maps[step.input]
    let width = maps[step.output].width
    let lineStride = step.shape.lineStride(kernels)
    let mostRows = step.shape.quantizedRows(kernels)
    forEachRun(of: pixels, width: width) { y, x, count in
      gatherRows(
        of: map, top: y * window.strideDown - window.top, height: 1, dilation: 1,
        columns: columns(of: window, x: x, count: count))
      let first = y * width + x - block.lowerBound
      unsafe kernels.quantize(
        QuantizeRun(
          lines: scratch.inputRows[0], lineStride: window.strideAcross * map.pixelStride, rows: count,
          channels: step.shape.channels, rowPanel: panel.writing(0), slots: (scratch.slots + first).reading(count),
          segmentStride: segmentStride(step), scaleSlots: (scratch.scaleSlots + first).reading(count),
          arithmetic: step.shape.arithmetic, limit: step.shape.limit(kernels), element: map.element,
          normalization: RowNormalization(
            weights: (weights + factors).reading(2 * step.shape.channels), minimum: minimum,
            lines: scratch.rows.writing(mostRows * lineStride), lineStride: lineStride, mostRows: mostRows)))
    }
  }

  /// Writes the values of neighbouring pixels as floats.
  private func produceLines(_ step: ProductStep, y: Int, x: Int, count: Int) {
    switch step.producer {
    case .depthwise(let window, let weights):
      let vectors = maps[step.input].element == .bfloat16 ? 2 : 1
      depthwise(
        DepthwiseStep(
          input: step.input, output: step.output, window: window, weights: weights,
          inputActivation: step.inputActivation, activation: step.middleActivation),
        y: y, x: x, count: count,
        vectors: 0..<(step.shape.channels + vectors * vectorWidth - 1) / (vectors * vectorWidth) * vectors,
        scratch.rows, slots: scratch.rowSlots, vectorStride: vectorWidth)
    case .gather(let window, let range):
      gather(
        step, window, range, y: y, x: x, count: count, scratch.rows, slots: scratch.rowSlots,
        segmentStride: vectorWidth, .float32)
    case .image, .vector: break
    }
  }
}
