import Kernels

extension MemberRun {
  /// The pixels whose values become integers together: as many as the depthwise kernel takes at once. With 728 channels
  /// their floats are 20 KB, which the first-level cache holds until they are read again.
  static let quantizedPixels = 7

  /// Fills the rows of some pixels of a block with integers: floats of a few neighbouring pixels, all channels, then each
  /// row's scale and its integers.
  func produceIntegers(
    _ step: ProductStep, pixels: Range<Int>, of block: Range<Int>, _ panel: BoundedPointer<Float>
  ) {
    let stride = step.shape.lineStride(kernels)
    for index in 0..<Self.quantizedPixels { scratch.rowSlots[index] = index * stride }
    let width = maps[step.output].width
    forEachRun(of: pixels, width: width) { y, x, count in
      let pieces = (count + Self.quantizedPixels - 1) / Self.quantizedPixels
      for index in 0..<pieces {
        let piece = share(index, of: pieces, count)
        produceLines(step, y: y, x: x + piece.lowerBound, count: piece.count)
        let first = y * width + x + piece.lowerBound - block.lowerBound
        unsafe kernels.quantize(
          QuantizeRun(
            lines: scratch.rows.reading(piece.count * stride), lineStride: stride, rows: piece.count,
            channels: step.shape.channels, rowPanel: panel.writing(0),
            slots: (scratch.slots + first).reading(piece.count), segmentStride: segmentStride(step),
            scaleSlots: (scratch.scaleSlots + first).reading(piece.count)))
      }
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
