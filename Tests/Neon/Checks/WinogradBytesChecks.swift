import CountedKernels
import Kernels

/// Winograd's convolution of 3 x 3 with products of bytes.
enum WinogradBytesChecks {
  static func run() {
    var random = RandomValues(seed: 13)
    for (windows, channels, columns) in [(1, 8, 8), (2, 32, 33), (7, 40, 16), (13, 65, 24)] {
      for element in [MapElementType.float32, .bfloat16] {
        let layer = Layer(windows, channels, columns, &random)
        layer.expect(element)
        layer.expectActivated(element)
      }
    }
  }

  /// Windows beside each other, and an output of both their rows, all but its last column.
  private struct Layer {
    let windows: Int
    let channels: Int
    let columns: Int
    let rows: MapRows
    /// `[3][3][channels][columns]`
    let kernel: [Float]
    let bias: [Float]
    let residual: MapRows

    init(_ windows: Int, _ channels: Int, _ columns: Int, _ random: inout RandomValues) {
      (self.windows, self.channels, self.columns) = (windows, channels, columns)
      let panelWidth = CountedKernels.panelWidth
      rows = MapRows(
        rows: 4, pixels: 2 * windows + 2, panels: (channels + panelWidth - 1) / panelWidth, &random, used: channels)
      kernel = random.floats(9 * channels * columns, in: -1...1)
      bias = random.floats(columns)
      residual = MapRows(rows: 2, pixels: 2 * windows - 1, panels: (columns + panelWidth - 1) / panelWidth, &random)
    }

    private var width: Int { 2 * windows - 1 }
    private var panels: Int { (columns + CountedKernels.panelWidth - 1) / CountedKernels.panelWidth }

    /// The sums of plain loops bit for bit; the rows lie in a larger map, as windows of theirs start before the map.
    func expect(_ element: MapElementType) {
      let found = run(element, .identity, isAdded: false)
      let sums = plainSums()
      for index in sums.indices {
        let expected = element == .bfloat16 ? PackedLayout.rounded([sums[index]])[0] : sums[index]
        Comparisons.expectEqual([found[index]], [expected], "Winograd of bytes, \(element.name), value \(index)")
      }
    }

    /// With what is added to them, and a limit or a function.
    func expectActivated(_ element: MapElementType) {
      let sums = plainSums()
      for activation in [Activation.relu6, .silu] {
        let found = run(element, activation, isAdded: true)
        for index in sums.indices {
          let (pixel, column) = index.quotientAndRemainder(dividingBy: columns)
          var sum = PlainSum(sums[index])
          sum.add(residual[pixel / width, pixel % width, column])
          let expected = activation(sum.value)
          let rounding = element == .bfloat16 ? 0x1p-8 * (expected.magnitude + 1e-3) : 0
          Comparisons.expectNear(
            found[index], expected, within: sum.bound(activation) + rounding,
            "Winograd of bytes and an activation, \(element.name), value \(index)")
        }
      }
    }

    /// `[2][width][columns]`
    private func plainSums() -> [Float] {
      // Its second windows, from pixel 2 on, read from pixel 1 on.
      let plain = PlainByteWinograd(
        height: 6, width: 2 * windows + 4, channels: channels, columns: columns, isFused: true)
      var map = [Float](repeating: 0, count: plain.height * plain.width * channels)
      for y in 0..<4 {
        for x in 0..<2 * windows + 2 {
          for channel in 0..<channels {
            map[((y + 1) * plain.width + x + 1) * channels + channel] = Float(rows[y, x, channel])
          }
        }
      }
      let sums = plain.run(map, kernel: kernel, bias: bias)
      return (0..<2).flatMap { y in
        let first = ((y + 2) * plain.width + 2) * columns
        return Array(sums[first..<first + width * columns])
      }
    }

    // MARK: The kernels in a plan's order

    /// `[2][width][columns]`
    private func run(_ element: MapElementType, _ activation: Activation, isAdded: Bool) -> [Float] {
      let (vectorWidth, panelWidth) = (CountedKernels.vectorWidth, CountedKernels.panelWidth)
      let shape = RowPanel(.int8, rows: CountedKernels.tileRows(.int8), channels: channels)
      let scales = GuardedFloats(count: 16 * windows)
      let points = rowPanels(shape, element, scales)
      let panelWords = 16 * shape.depth * CountedKernels.columnWords(.int8)
      let weights = GuardedFloats([Float](repeating: 0, count: panels * panelWords))
      let columnScales = GuardedFloats(count: panels * 16 * panelWidth)
      var starts = [Int32](repeating: .max, count: panels * 16 * panelWidth)
      let ones = GuardedFloats([Float](repeating: 1, count: panels * panelWidth))
      starts.withUnsafeMutableBufferPointer {
        CountedKernels.pack(
          WinogradPacking(
            points: 16, values: kept(kernel), channels: channels, columns: columns, scale: ones.start,
            panels: weights.start,
            arithmetic: .int8, columnScales: columnScales.start, starts: $0.baseAddress!))
      }
      let pixelStride = residual.stride(element)
      let output = GuardedFloats([Float](repeating: 0, count: 2 * width * pixelStride))
      let zeros = GuardedFloats([Float](repeating: 0, count: 16 * panelWidth))
      let biases = GuardedFloats(bias + [Float](repeating: 0, count: panels * panelWidth - columns))
      let sums = GuardedFloats(count: 16 * windows * panelWidth)
      let offsets = (0..<windows).map { $0 * panelWidth }
      for panel in 0..<panels {
        let factors = panel * 16 * panelWidth
        CountedKernels.multiply(
          Product(
            rowPanel: points.start, rowPanelStride: shape.tileStride, rowCount: windows,
            tiles: 0..<(windows + shape.rows - 1) / shape.rows, segmentStride: shape.rows * vectorWidth,
            tileStride: 16 * shape.tileStride, columnPanels: weights.start + panel * panelWords, depth: shape.depth,
            panels: 0..<16, narrowPanel: nil, bias: zeros.start, output: sums.start, outputOffsets: kept(offsets),
            residual: nil, residualOffsets: kept(offsets), activation: .identity, arithmetic: .int8,
            columnScales: columnScales.start + factors,
            starts: kept(Array(starts[factors..<factors + 16 * panelWidth])), sums: sums.start))
        let words = panel * (element == .float32 ? panelWidth : vectorWidth)
        CountedKernels.transformOutput(
          WinogradBytesOutput(
            sums: sums.start, pointStride: windows * panelWidth, windowStride: panelWidth,
            scales: WinogradScales(columns: columnScales.start + factors, windows: scales.start),
            bias: biases.start + panel * panelWidth, activation: activation,
            outputs: kept((0..<2).map { output.start + $0 * width * pixelStride + words }),
            residuals: isAdded ? kept(residual.pointers(element).map { $0 + words }) : nil, rows: 2,
            pixelStride: pixelStride, windows: windows, pixels: width, element: element))
      }
      let values =
        element == .float32 ? output.values : PackedLayout(width: vectorWidth).values(output.values)
      return (0..<2 * width).flatMap { Array(values[$0 * panels * panelWidth..<$0 * panels * panelWidth + columns]) }
    }

    /// Windows transformed, `[tile][point]`.
    private func rowPanels(_ shape: RowPanel, _ element: MapElementType, _ scales: GuardedFloats) -> GuardedFloats {
      let (vectorWidth, panelWidth) = (CountedKernels.vectorWidth, CountedKernels.panelWidth)
      let memory = GuardedFloats(
        [Float](repeating: 0, count: (windows + shape.rows - 1) / shape.rows * 16 * shape.tileStride))
      let lineStride = (channels + panelWidth - 1) / panelWidth * panelWidth
      let lines = GuardedFloats(count: 16 * lineStride + 4 * vectorWidth)
      for tile in 0..<(windows + shape.rows - 1) / shape.rows {
        let range = CountedKernels.rows(ofTile: tile, in: windows, .int8)
        let pixels = rows.pointers(element).map { $0 + 2 * range.lowerBound * rows.stride(element) }
        CountedKernels.transformInput(
          WinogradBytesInput(
            inputs: kept(pixels), pixelStride: rows.stride(element), channels: channels, element: element,
            windows: range.count, lines: lines.start, lineStride: lineStride,
            output: memory.start + tile * 16 * shape.tileStride, pointStride: shape.tileStride,
            segmentStride: shape.segmentStride, scales: scales.start + 16 * range.lowerBound))
      }
      return memory
    }
  }
}
