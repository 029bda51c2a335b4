import Kernels

/// A product with its panels, made value by value as `Product` describes them, and what it should give.
///
/// Weights are packed by the instruction set's own kernels, in parts that come in any order.
struct MadeProduct {
  let kernels: AnyKernelSet
  let arithmetic: Arithmetic
  let element: MapElementType
  let rows: Int
  let depth: Int
  let columns: Int
  /// `[row][depth]`: floats, values of bf16 or whole numbers of -127 to 127, as the arithmetic takes them.
  var left: [Float]
  /// `[depth][columns]`
  var right: [Float]
  var bias: [Float]
  var rowScales: [Float]
  var columnScales: [Float]
  /// `[row][columns]`
  var residual: [Float]?
  var activation = Activation.identity
  /// Whether the last panel is multiplied by a narrow tile if it is narrow.
  var narrows = true
  /// Where the weights are cut into parts, which are packed from the last to the first.
  var cuts: [Int] = []

  init(
    _ kernels: AnyKernelSet, _ arithmetic: Arithmetic, _ element: MapElementType, rows: Int, depth: Int,
    columns: Int,
    value: () -> Float
  ) {
    self.kernels = kernels
    self.arithmetic = arithmetic
    self.element = element
    self.rows = rows
    self.depth = depth
    self.columns = columns
    left = (0..<rows * depth).map { _ in value() }
    right = (0..<depth * columns).map { _ in value() }
    bias = (0..<columns).map { _ in value() }
    rowScales = [Float](repeating: 1, count: rows)
    columnScales = [Float](repeating: 1, count: columns)
  }

  private var vectorWidth: Int { kernels.vectorWidth }
  private var panelWidth: Int { kernels.panelWidth }
  private var tileRows: Int { kernels.tileRows(arithmetic) }
  private var panels: Int { (columns + panelWidth - 1) / panelWidth }
  private var words: Int { kernels.words(of: depth, arithmetic) }

  /// The outputs `[row][columns]` and whether the padding of the columns is zero.
  func run() -> (values: [Float], paddingIsZero: Bool) {
    let pixel = element == .bfloat16 ? panels * vectorWidth : panels * panelWidth
    // One pixel more between pixels, so that a store to a wrong place is seen.
    let offsets = (0..<rows).map { $0 * 2 * pixel }
    let output = Memory(count: 2 * rows * pixel)
    var residualMap = Memory(count: 2 * rows * pixel)
    if let residual {
      for row in 0..<rows {
        for column in 0..<columns { set(residual[row * columns + column], column, of: offsets[row], in: &residualMap) }
      }
    }
    let tileSums = Memory(count: 2 * tileRows * panelWidth)
    let rowPanel = rowPanel()
    let columnPanels = packedColumns()
    let bias = padded(bias)
    let columnScales = padded(columnScales)
    let starts = UnsafeMutablePointer<Int32>.allocate(capacity: panels * panelWidth)
    defer { unsafe starts.deallocate() }
    unsafe starts.initialize(repeating: arithmetic == .int16 ? 0 : .max, count: panels * panelWidth)
    if arithmetic == .int8 {
      unsafe kernels.sumColumns(
        ColumnStarts(columnPanels: columnPanels.start, depth: words, panels: panels, starts: starts))
    }
    let segments = (words + vectorWidth - 1) / vectorWidth
    unsafe offsets.withUnsafeBufferPointer { offsets in
      unsafe kernels.multiply(
        Product(
          rowPanel: rowPanel.start, rowPanelStride: 0, rowCount: rows, tiles: 0..<(rows + tileRows - 1) / tileRows,
          segmentStride: segmentStride, tileStride: segments * segmentStride + scaleWords,
          columnPanels: columnPanels.start, depth: words, panels: 0..<panels, narrowPanel: narrowPanel,
          singlePanel: singlePanel,
          bias: bias.start, output: output.start, outputOffsets: offsets.baseAddress!,
          residual: residual == nil ? nil : UnsafePointer(residualMap.start), residualOffsets: offsets.baseAddress!,
          activation: activation, arithmetic: arithmetic, element: element, columnScales: columnScales.start,
          starts: starts, tileSums: tileSums.start))
    }
    var values: [Float] = []
    var paddingIsZero = true
    for row in 0..<rows {
      for column in 0..<panels * panelWidth {
        let value = get(column, of: offsets[row], in: output)
        if column < columns { values.append(value) } else if value != 0 { paddingIsZero = false }
      }
      for word in pixel..<2 * pixel where unsafe output.start[offsets[row] + word] != 0 { paddingIsZero = false }
    }
    return (values, paddingIsZero)
  }

  private var narrowPanel: Int? {
    let last = columns - (panels - 1) * panelWidth
    return narrows && last <= 3 * panelWidth / 4 ? panels - 1 : nil
  }

  private var singlePanel: Int? {
    let last = columns - (panels - 1) * panelWidth
    return narrows && last <= vectorWidth ? panels - 1 : nil
  }

  /// A row alone may be a vector as it lies in memory.
  private var segmentStride: Int {
    rows == 1 && !kernels.usesMatrixRegisters(arithmetic) ? vectorWidth : tileRows * vectorWidth
  }
  private var scaleWords: Int { (tileRows + vectorWidth - 1) / vectorWidth * vectorWidth }

  // MARK: Rows

  private func rowPanel() -> Memory {
    let segments = (words + vectorWidth - 1) / vectorWidth
    let tiles = (rows + tileRows - 1) / tileRows
    let tileStride = segments * segmentStride + scaleWords
    let memory = Memory(count: tiles * tileStride + segmentStride)
    for tile in 0..<tiles {
      let share = kernels.rows(ofTile: tile, in: rows, arithmetic)
      for row in share {
        let inTile = row - share.lowerBound
        for word in 0..<words {
          let place = tile * tileStride + word / vectorWidth * segmentStride + inTile * vectorWidth + word % vectorWidth
          unsafe memory.start[place] = Float(bitPattern: rowWord(row, word))
        }
        unsafe memory.start[tile * tileStride + segments * segmentStride + inTile] = rowScales[row]
      }
    }
    return memory
  }

  private func rowWord(_ row: Int, _ word: Int) -> UInt32 {
    func value(_ channel: Int) -> Float { channel < depth ? left[row * depth + channel] : 0 }
    switch arithmetic {
    case .float32, .bfloat16Weights, .int8Weights: return value(word).bitPattern
    case .bfloat16:
      let low = word / vectorWidth * panelWidth + word % vectorWidth
      return value(low).bitPattern >> 16 | value(low + vectorWidth).bitPattern & 0xffff_0000
    case .int8, .int16:
      let lanes = arithmetic == .int16 ? 2 : kernels.channelsPerByteWord
      let shift = arithmetic == .int16 ? 0 : kernels.rowShift
      let start = word / vectorWidth * vectorWidth * lanes
      let apart = min(vectorWidth, (depth - start + lanes - 1) / lanes)
      return (0..<lanes).reduce(0) { bits, lane in
        let number = Int32(value(start + lane * apart + word % vectorWidth)) + shift
        let mask: UInt32 = lanes == 4 ? 0xff : 0xffff
        return bits | (UInt32(bitPattern: number) & mask) << (UInt32(lane) * (lanes == 4 ? 8 : 16))
      }
    }
  }

  // MARK: Columns

  private func packedColumns() -> Memory {
    // The product fetches ahead of the last panel.
    let memory = Memory(count: panels * words * kernels.columnWords(arithmetic))
    let ends = cuts + [depth * columns]
    let parts = zip([0] + cuts, ends).reversed()
    switch arithmetic {
    case .float32, .bfloat16, .bfloat16Weights:
      let ones = padded([Float](repeating: 1, count: columns))
      for (first, end) in parts {
        unsafe Array(right[first..<end]).withUnsafeBufferPointer {
          unsafe kernels.pack(
            ColumnPacking(
              values: $0.baseAddress!, first: first, count: end - first, depth: depth, columns: columns,
              scale: ones.start, panels: memory.start, arithmetic: arithmetic))
        }
      }
    case .int16:
      for panel in 0..<panels {
        for word in 0..<words {
          for column in 0..<panelWidth {
            memory.start[(panel * words + word) * panelWidth + column] =
              Float(bitPattern: columnWord(panel * panelWidth + column, word))
          }
        }
      }
    case .int8, .int8Weights:
      for (first, end) in parts {
        unsafe right[first..<end].map { Int8($0) }.withUnsafeBufferPointer {
          unsafe kernels.pack(
            BytePacking(
              values: $0.baseAddress!, first: first, count: end - first, depth: depth, columns: columns,
              panels: memory.start, words: words, arithmetic: arithmetic))
        }
      }
    }
    return memory
  }

  /// Two channels of a column, in the order of a row's.
  private func columnWord(_ column: Int, _ word: Int) -> UInt32 {
    let start = word / vectorWidth * panelWidth
    let apart = min(vectorWidth, (depth - start + 1) / 2)
    return (0..<2).reduce(0) { bits, lane in
      let channel = start + lane * apart + word % vectorWidth
      guard channel < depth, column < columns else { return bits }
      return bits | UInt32(UInt16(bitPattern: Int16(right[channel * columns + column]))) << UInt32(16 * lane)
    }
  }

  private func padded(_ values: [Float]) -> Memory {
    let memory = Memory(count: panels * panelWidth)
    for (index, value) in values.enumerated() { unsafe memory.start[index] = value }
    return memory
  }

  // MARK: Maps

  private func set(_ value: Float, _ column: Int, of offset: Int, in memory: inout Memory) {
    guard element == .bfloat16 else {
      unsafe memory.start[offset + column] = value
      return
    }
    let (word, isHigh) = place(column)
    let bits = unsafe memory.start[offset + word].bitPattern
    let half = value.bitPattern & 0xffff_0000
    unsafe memory.start[offset + word] = Float(bitPattern: isHigh ? bits | half : bits | half >> 16)
  }

  private func get(_ column: Int, of offset: Int, in memory: Memory) -> Float {
    guard element == .bfloat16 else { return unsafe memory.start[offset + column] }
    let (word, isHigh) = place(column)
    let bits = unsafe memory.start[offset + word].bitPattern
    return Float(bitPattern: isHigh ? bits & 0xffff_0000 : bits << 16)
  }

  private func place(_ column: Int) -> (word: Int, isHigh: Bool) {
    (column / panelWidth * vectorWidth + column % vectorWidth, column / vectorWidth % 2 == 1)
  }
}

/// Zeros, with some more behind.
@safe private final class Memory {
  let start: UnsafeMutablePointer<Float>

  init(count: Int) {
    unsafe start = .allocate(capacity: count + 256)
    unsafe start.initialize(repeating: 0, count: count + 256)
  }

  deinit { unsafe start.deallocate() }
}
