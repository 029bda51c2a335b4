import Kernels

extension MemberRun {
  /// Rows of a convolution of the image, whose windows are read where they are; for integers, of the words that the
  /// rows of each window become.
  func run(_ step: ProductStep, onImage window: PlacedWindow, rows: Range<Int>) {
    let (image, output) = (maps[step.input], maps[step.output])
    for x in 0..<output.width { scratch.outputOffsets[x] = x * output.pixelStride }
    let isInteger = step.shape.isInteger
    let stride = window.imageWords(of: image, to: output, kernels)
    let scales = scratch.rows + (isInteger ? window.height * stride : 0)
    for y in rows {
      let columns = columns(of: window, x: 0, count: output.width)
      gatherRows(
        of: image, top: y * window.strideDown - window.top, height: window.height, dilation: window.dilationDown,
        columns: columns)
      if isInteger {
        unsafe kernels.pack(
          ImageWords(
            inputs: scratch.inputRows.reading(window.height), rows: window.height,
            count: columns.count * image.channels,
            limit: step.shape.limit(kernels), words: scratch.rows.writing(window.height * stride), wordStride: stride,
            scales: scales.writing(tileRows)))
        for index in 0..<window.height {
          unsafe scratch.inputRows[index] = (scratch.rows + index * stride).reading(stride)
        }
      }
      unsafe kernels.multiply(
        ImageProduct(
          inputs: scratch.inputRows.reading(window.height), inputRows: window.height,
          step: window.strideAcross * image.channels,
          rowWords: step.shape.depth / window.height, wordStride: isInteger ? 2 : 1,
          scales: scales.reading(isInteger ? tileRows : 0),
          product: product(
            step, scratch.rowPanel, rowCount: output.width, tiles: 0..<0, panels: step.panels,
            output: row(y, of: output).writing(output.width * output.pixelStride))))
    }
  }
}
