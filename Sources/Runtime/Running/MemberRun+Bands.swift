import Kernels

extension MemberRun {
  /// Forgets the band of another phase.
  func beginBands(_ phase: Phase) {
    if scratch.band[0] != phase.number { (scratch.band[0], scratch.band[1]) = (phase.number, -1) }
  }

  /// Fills the rows of some pixels of a block with the bytes of their bands.
  func copyBands(
    _ step: ProductStep, _ bands: RowBands, pixels: Range<Int>, of block: Range<Int>, _ panel: BoundedPointer<Float>
  ) {
    guard case .gather(let window, _) = step.producer else { return }
    let width = maps[step.output].width
    let words = step.shape.tapWords
    let rowWords = columns(of: window, x: 0, count: width).count * words
    forEachRun(of: pixels, width: width) { y, x, count in
      let band = bands.band(of: y)
      if scratch.band[1] != band { quantize(band, of: bands, step, window, rowWords) }
      let first = y * width + x - block.lowerBound
      let scale = scratch.bytes[0]
      for index in first..<first + count { panel[scratch.scaleSlots[index]] = scale }
      let top = (y - bands.outputs(of: band).lowerBound) * window.strideDown
      for row in 0..<window.height {
        let bytes = scratch.bytes + (vectorWidth + (top + row) * rowWords + x * window.strideAcross * words)
        unsafe scratch.inputRows[row] = bytes.reading(((count - 1) * window.strideAcross + window.width) * words)
      }
      unsafe kernels.gather(
        GatherRun(
          inputs: scratch.inputRows.reading(window.height), inputRows: window.height,
          step: window.strideAcross * words, pieces: 1, pieceStride: 0, length: window.width * words,
          inputActivation: .identity, rowPanel: panel.writing(0), slots: (scratch.slots + first).reading(count),
          segmentStride: segmentStride(step), pixels: count, line: scratch.line.writing(0), inputElement: .bfloat16,
          outputElement: .bfloat16))
    }
  }

  /// Makes a band's bytes, behind its scale.
  private func quantize(
    _ band: Int, of bands: RowBands, _ step: ProductStep, _ window: PlacedWindow, _ rowWords: Int
  ) {
    let map = maps[step.input]
    let outputs = bands.outputs(of: band)
    let columns = columns(of: window, x: 0, count: maps[step.output].width)
    let rows = (outputs.count - 1) * window.strideDown + window.height
    gatherRows(
      of: map, top: outputs.lowerBound * window.strideDown - window.top, height: rows, dilation: 1, columns: columns)
    scratch.bytes[0] = unsafe kernels.quantize(
      BandRun(
        inputs: scratch.inputRows.reading(rows), rows: rows, pixels: columns.count, pixelStride: map.pixelStride,
        channels: map.channels, bytes: (scratch.bytes + vectorWidth).writing(rows * rowWords + vectorWidth),
        isPositive: bands.isPositive))
    scratch.band[1] = band
  }
}
