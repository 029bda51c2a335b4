extension VectorUnit {
  // Functions of their own: C functions are not inlined directly into the witness of a protocol requirement.

  /// Words of the columns j and `vectorWidth + j` of a panel.
  @inlinable @inline(never)
  static func packForWidening(_ run: ColumnPacking) {
    let rows = MatrixRows(run.values, first: run.first, count: run.count, columns: run.columns)
    for panel in 0..<(run.columns &+ panelWidth &- 1) / panelWidth {
      let columns = rows.columns(of: panel, width: panelWidth)
      let scale = run.scale + columns.lowerBound
      for row in rows.all {
        let output = run.panels + (panel &* run.depth &+ row) &* vectorWidth
        if columns.count == panelWidth, let values = rows.whole(row, columns) {
          let scaled = loadColumns(values) * loadColumns(scale)
          let (low, high) = unsafeBitCast(scaled, to: (Vector, Vector).self)
          store(packed(low, high), output)
        } else {
          let halves = UnsafeMutableRawPointer(output).assumingMemoryBound(to: UInt16.self)
          for column in rows.present(row, columns) {
            let index = column &- columns.lowerBound
            halves[index % vectorWidth &* 2 &+ index / vectorWidth] = bfloat16(rows[row, column] * scale[index])
          }
        }
      }
    }
  }

  /// Words of two channels of one column, in the order of a packed map, or of one whose last words are closer together.
  @inlinable @inline(never)
  static func packPairs(_ run: ColumnPacking) {
    let rows = MatrixRows(run.values, first: run.first, count: run.count, columns: run.columns)
    let tail = run.tailWords > 0 ? run.channels &- run.channels % panelWidth : run.channels
    let runWords = run.tailWords > 0 ? tail / 2 &+ run.tailWords : words(of: run.channels, .bfloat16)
    let panelStride = run.depth / run.channels &* runWords &* panelWidth
    for panel in 0..<(run.columns &+ panelWidth &- 1) / panelWidth {
      let columns = rows.columns(of: panel, width: panelWidth)
      let scale = run.scale + columns.lowerBound
      for row in rows.all {
        let (tap, channel) = (row / run.channels, row % run.channels)
        let half = channel < tail ? vectorWidth : run.tailWords
        let (isHigh, place) = (channel % panelWidth >= half, channel % panelWidth % half)
        let word = tap &* runWords &+ channel / panelWidth &* vectorWidth &+ place
        let output = run.panels + (panel &* panelStride &+ word &* panelWidth)
        // The row of a low half fills the whole word if the row of the high half is in the run too.
        let partner = isHigh ? row &- half : row &+ half
        let hasPartner = isHigh || channel &+ half < run.channels
        if columns.count == panelWidth, hasPartner, let values = rows.whole(row, columns),
          let others = rows.whole(partner, columns)
        {
          if isHigh { continue }
          for offset in stride(from: 0, to: panelWidth, by: vectorWidth) {
            let factor = load(scale + offset)
            store(packed(load(values + offset) * factor, load(others + offset) * factor), output + offset)
          }
        } else {
          let halves = UnsafeMutableRawPointer(output).assumingMemoryBound(to: UInt16.self) + (isHigh ? 1 : 0)
          for column in rows.present(row, columns) {
            let index = column &- columns.lowerBound
            halves[2 &* index] = bfloat16(rows[row, column] * scale[index])
          }
        }
      }
    }
  }

  @inlinable @inline(__always)
  static func bfloat16(_ value: Float) -> UInt16 {
    UInt16(truncatingIfNeeded: unsafeBitCast(packed(Vector(repeating: value), .zero), to: Integers.self)[0])
  }
}
