import Kernels

extension MemberRun {
  /// Fills the rows of some pixels of a block with integers: first the floats of a few neighbouring pixels, all
  /// channels, then each row's scale and its integers.
  func produceIntegers(
    _ step: ProductStep, pixels: Range<Int>, of block: Range<Int>, _ panel: BoundedPointer<Float>
  ) {
    if readsPacked(step) { return quantizePacked(step, pixels: pixels, of: block, panel) }
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

  /// Whether rows of integers are made directly from a packed map's pixels.
  private func readsPacked(_ step: ProductStep) -> Bool {
    guard case .gather(let window, _) = step.producer, window.taps == 1, maps[step.input].element == .bfloat16,
      case .identity = step.inputActivation
    else { return false }
    return step.shape.arithmetic == .int8 && step.shape.channels % (kernels.channelsPerByteWord * vectorWidth) == 0
  }

  private func quantizePacked(
    _ step: ProductStep, pixels: Range<Int>, of block: Range<Int>, _ panel: BoundedPointer<Float>
  ) {
    guard case .gather(let window, _) = step.producer else { return }
    let map = maps[step.input]
    let width = maps[step.output].width
    forEachRun(of: pixels, width: width, most: mostScaled(step)) { y, x, count in
      gatherRows(
        of: map, top: y * window.strideDown - window.top, height: 1, dilation: 1,
        columns: columns(of: window, x: x, count: count))
      let pixelStride = scaleInput(of: step, count: count)
      let first = y * width + x - block.lowerBound
      unsafe kernels.quantize(
        QuantizeRun(
          lines: scratch.inputRows[0], lineStride: window.strideAcross * pixelStride, rows: count,
          channels: step.shape.channels, rowPanel: panel.writing(0), slots: (scratch.slots + first).reading(count),
          segmentStride: segmentStride(step), scaleSlots: (scratch.scaleSlots + first).reading(count),
          element: .bfloat16))
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
    case .vector: break
    }
  }
}
