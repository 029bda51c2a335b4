import CIntrinsics

extension VectorUnit {
  @inlinable @inline(__always)
  public static func pack(_ run: BytePacking) {
    if run.arithmetic == .int8 { packWords(run) } else { packBytes(run) }
  }

  /// Rows of bytes; a part of each goes to each panel.
  @inlinable @inline(__always)
  static func packBytes(_ run: BytePacking) {
    let rows = MatrixRows(run.values, first: run.first, count: run.count, columns: run.columns)
    let panels = UnsafeMutableRawPointer(run.panels).assumingMemoryBound(to: Int8.self)
    for panel in 0..<(run.columns &+ panelWidth &- 1) / panelWidth {
      let columns = rows.columns(of: panel, width: panelWidth)
      for row in rows.all {
        let output = panels + (panel &* run.depth &+ row) &* panelWidth
        if columns.count == panelWidth, let values = rows.whole(row, columns) {
          UnsafeMutableRawPointer(output).copyMemory(from: values, byteCount: panelWidth)
        } else {
          for column in rows.present(row, columns) { output[column &- columns.lowerBound] = rows[row, column] }
        }
      }
    }
  }

  /// Words of `channelsPerByteWord` rows of one column. A function of its own, like `sumPanels`.
  @inlinable @inline(never)
  static func packWords(_ run: BytePacking) {
    let rows = MatrixRows(run.values, first: run.first, count: run.count, columns: run.columns)
    let lanes = channelsPerByteWord
    let segment = lanes &* vectorWidth
    let panelBytes = run.words &* panelWidth &* lanes
    let panels = UnsafeMutableRawPointer(run.panels).assumingMemoryBound(to: Int8.self)
    let tapWords = byteWords(of: run.channels)
    for panel in 0..<(run.columns &+ panelWidth &- 1) / panelWidth {
      let columns = rows.columns(of: panel, width: panelWidth)
      for tap in rows.all.lowerBound / run.channels..<(rows.all.upperBound &+ run.channels &- 1) / run.channels {
        let begin = tap &* run.channels
        let end = begin &+ run.channels
        let present = max(rows.all.lowerBound &- begin, 0) / segment &* segment
        for start in stride(from: present, to: min(rows.all.upperBound &- begin, run.channels), by: segment) {
          // The number of rows between neighbouring lanes of a word.
          let apart = min(vectorWidth, (run.channels &- start &+ lanes &- 1) / lanes)
          for word in 0..<apart {
            let place = tap &* tapWords &+ start / lanes &+ word
            let output = panels + (panel &* panelBytes &+ place &* panelWidth &* lanes)
            let first = begin &+ start &+ word
            let last = first &+ (lanes &- 1) &* apart
            if columns.count == panelWidth, last < end, let values = rows.whole(first, columns),
              rows.whole(last, columns) != nil
            {
              interleave(values, apart &* run.columns, output)
              continue
            }
            for lane in 0..<lanes where first &+ lane &* apart < end {
              let row = first &+ lane &* apart
              for column in rows.present(row, columns) {
                output[(column &- columns.lowerBound) &* lanes &+ lane] = rows[row, column]
              }
            }
          }
        }
      }
    }
  }

  /// `panelWidth` words of one byte from each of `channelsPerByteWord` rows.
  @inlinable @inline(__always)
  static func interleave(_ values: UnsafePointer<Int8>, _ stride: Int, _ output: UnsafeMutablePointer<Int8>) {
    for column in Swift.stride(from: 0, to: panelWidth, by: 8) {
      if channelsPerByteWord == 4 {
        interleave_4_rows(values + column, stride, output + 4 &* column)
      } else {
        interleave_2_rows(values + column, stride, output + 2 &* column)
      }
    }
  }

  @inlinable @inline(__always)
  public static func sumColumns(_ run: ColumnStarts) { sumPanels(run) }

  /// A function of its own: C functions are not inlined directly into the witness of a protocol requirement.
  @inlinable @inline(never)
  static func sumPanels(_ run: borrowing ColumnStarts) {
    let ones = Integers(repeating: channelsPerByteWord == 4 ? 0x0101_0101 : 0x0001_0001)
    let stride = columnWords(.int8)
    for panel in 0..<run.panels {
      let columns = run.columnPanels + panel &* run.depth &* stride
      var low = Integers.zero
      var high = Integers.zero
      for word in 0..<(rowShift == 0 ? 0 : run.depth) {
        addDotProduct(&low, integerWeights(at: columns + word &* stride), ones)
        addDotProduct(&high, integerWeights(at: columns + (word &* stride &+ stride / 2)), ones)
      }
      let starts = UnsafeMutableRawPointer(run.starts + panel &* panelWidth)
      starts.storeBytes(of: Integers.zero &- low &* Integers(repeating: rowShift), as: Integers.self)
      (starts + vectorWidth &* 4).storeBytes(
        of: Integers.zero &- high &* Integers(repeating: rowShift), as: Integers.self)
    }
  }
}
