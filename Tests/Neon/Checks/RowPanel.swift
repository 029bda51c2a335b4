import CountedKernels
import Kernels

/// The row panel of a product: where its rows and their scales lie, and its memory.
struct RowPanel {
  let arithmetic: Arithmetic
  let rows: Int
  /// Words of a row.
  let depth: Int
  let segmentStride: Int
  let tileStride: Int
  let slots: [Int]
  let scaleSlots: [Int]
  let memory: GuardedFloats

  init(_ arithmetic: Arithmetic, rows: Int, channels: Int) {
    let width = CountedKernels.vectorWidth
    let tileRows = CountedKernels.tileRows(arithmetic)
    self.arithmetic = arithmetic
    self.rows = rows
    depth = CountedKernels.words(of: channels, arithmetic)
    let segments = (depth + width - 1) / width
    segmentStride = tileRows * width
    let scales = segments * segmentStride
    let tileStride = scales + (tileRows + width - 1) / width * width
    self.tileStride = tileStride
    let places = (0..<tiles(rows, arithmetic)).flatMap { tile in
      CountedKernels.rows(ofTile: tile, in: rows, arithmetic).indices.map { (tile: tile, row: $0) }
    }
    let inTile = places.enumerated().map { index, place in
      index - CountedKernels.rows(ofTile: place.tile, in: rows, arithmetic).lowerBound
    }
    slots = places.indices.map { places[$0].tile * tileStride + inTile[$0] * width }
    scaleSlots = places.indices.map { places[$0].tile * tileStride + scales + inTile[$0] }
    memory = GuardedFloats([Float](repeating: 0, count: tiles(rows, arithmetic) * tileStride))
  }

  /// Lines of floats, `[row][lineStride]`, as integers.
  func quantize(_ lines: GuardedFloats, channels: Int, limit: Float) {
    CountedKernels.quantize(
      QuantizeRun(
        lines: lines.start, lineStride: lines.count / rows, rows: rows, channels: channels, rowPanel: memory.start,
        slots: kept(slots), segmentStride: segmentStride, scaleSlots: kept(scaleSlots), arithmetic: arithmetic,
        limit: limit))
  }
}

private func tiles(_ rows: Int, _ arithmetic: Arithmetic) -> Int {
  let most = CountedKernels.tileRows(arithmetic)
  return (rows + most - 1) / most
}

/// Packed weights, and the product of a row panel with them.
struct PackedColumns {
  let arithmetic: Arithmetic
  let columns: Int
  /// The channels that are summed, and the words that they take.
  let channels: Int
  let depth: Int
  let panels: GuardedFloats
  let scales: GuardedFloats
  let bias: GuardedFloats

  var panelCount: Int { (columns + CountedKernels.panelWidth - 1) / CountedKernels.panelWidth }

  /// - Parameter weights: `[channels][columns]`; of `int8` whole numbers.
  init(_ arithmetic: Arithmetic, _ weights: [Float], bias: [Float]) {
    let panelWidth = CountedKernels.panelWidth
    columns = bias.count
    channels = weights.count / columns
    depth = CountedKernels.words(of: channels, arithmetic)
    let count = (columns + panelWidth - 1) / panelWidth
    self.arithmetic = arithmetic
    let padding = [Float](repeating: 0, count: count * panelWidth - columns)
    self.bias = GuardedFloats(bias + padding)
    scales = GuardedFloats([Float](repeating: 1, count: count * panelWidth))
    // Tiles fetch ahead of the last panel.
    panels = GuardedFloats([Float](repeating: 0, count: count * depth * CountedKernels.columnWords(arithmetic)))
    switch arithmetic {
    case .int8:
      CountedKernels.pack(
        BytePacking(
          values: kept(weights.map { Int8($0) }), first: 0, count: weights.count, depth: channels, columns: columns,
          panels: panels.start, words: depth, arithmetic: .int8))
    case .int16:
      let ones = GuardedFloats(scales.values)
      let sizes = GuardedFloats([Float](repeating: 0, count: count * panelWidth))
      let values = kept(weights)
      CountedKernels.measure(
        ColumnSizes(values: values, rows: channels, columns: columns, scale: ones.start, sizes: sizes.start))
      CountedKernels.pack(
        ShortPacking(
          values: values, first: 0, rows: channels, channels: channels, columns: columns, scale: ones.start,
          sizes: sizes.start, panels: panels.start, columnScales: scales.start))
    default:
      CountedKernels.pack(
        ColumnPacking(
          values: kept(weights), first: 0, count: weights.count, depth: channels, columns: columns, scale: scales.start,
          panels: panels.start, arithmetic: arithmetic))
    }
  }

  /// The outputs `[row][columns]`.
  func product(_ rows: RowPanel, _ activation: Activation) -> [Float] {
    let panelWidth = CountedKernels.panelWidth
    let pixel = panelCount * panelWidth
    let output = GuardedFloats(count: rows.rows * pixel)
    let offsets = (0..<rows.rows).map { $0 * pixel }
    var starts = [Int32](repeating: arithmetic == .int8 ? .max : 0, count: pixel)
    if arithmetic == .int8 {
      starts.withUnsafeMutableBufferPointer {
        CountedKernels.sumColumns(
          ColumnStarts(columnPanels: panels.start, depth: depth, panels: panelCount, starts: $0.baseAddress!))
      }
    }
    let last = columns - (panelCount - 1) * panelWidth
    let tileRows = CountedKernels.tileRows(arithmetic)
    CountedKernels.multiply(
      Product(
        rowPanel: rows.memory.start, rowPanelStride: 0, rowCount: rows.rows,
        tiles: 0..<(rows.rows + tileRows - 1) / tileRows, segmentStride: rows.segmentStride,
        tileStride: rows.tileStride, columnPanels: panels.start, depth: depth, panels: 0..<panelCount,
        narrowPanel: last <= 3 * panelWidth / 4 ? panelCount - 1 : nil,
        singlePanel: last <= panelWidth / 2 ? panelCount - 1 : nil, bias: bias.start, output: output.start,
        outputOffsets: kept(offsets), residual: nil, residualOffsets: kept(offsets), activation: activation,
        arithmetic: arithmetic, columnScales: scales.start, starts: kept(starts)))
    let values = output.values
    return (0..<rows.rows).flatMap { values[$0 * pixel..<$0 * pixel + columns] }
  }
}
