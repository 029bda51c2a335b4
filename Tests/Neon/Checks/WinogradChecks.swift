import CountedKernels
import Kernels

/// Winograd's convolution of 3 x 3 with products of floats and of 16-bit integers.
enum WinogradChecks {
  static func run() {
    var random = RandomValues(seed: 11)
    for (windows, channels, columns) in [(1, 8, 8), (2, 32, 33), (7, 40, 16), (13, 65, 24)] {
      for element in [MapElementType.float32, .bfloat16] {
        let layer = Layer(windows, channels, columns, &random)
        layer.expectFloats(element)
        layer.expectShorts(element)
      }
    }
  }

  /// Windows beside each other, and an output of 3 of their 4 rows, all but its last column.
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
        rows: 6, pixels: 4 * windows + 2, panels: (channels + panelWidth - 1) / panelWidth, &random, used: channels)
      kernel = random.floats(9 * channels * columns, in: -1...1)
      bias = random.floats(columns)
      residual = MapRows(rows: 3, pixels: 4 * windows - 1, panels: (columns + panelWidth - 1) / panelWidth, &random)
    }

    private var width: Int { 4 * windows - 1 }
    private var panels: Int { (columns + CountedKernels.panelWidth - 1) / CountedKernels.panelWidth }

    func expectFloats(_ element: MapElementType) {
      for activation in [Activation.identity, .relu6, .silu] {
        let found = run(.float32, element, activation, isAdded: true)
        for y in 0..<3 {
          for x in 0..<width {
            for column in 0..<columns {
              var sum = PlainSum(bias[column])
              sum.add(residual[y, x, column])
              for index in 0..<9 * channels {
                let (tap, channel) = index.quotientAndRemainder(dividingBy: channels)
                sum.add(rows[y + tap / 3, x + tap % 3, channel] * Double(kernel[index * columns + column]))
              }
              let expected = activation(sum.value)
              // The weights' largest factor is 8/7, that of the rows' transform about 5: a few terms more.
              let rounding = element == .bfloat16 ? 0x1p-8 * (expected.magnitude + 1e-3) : 0
              Comparisons.expectNear(
                found[(y * width + x) * columns + column], expected, within: sum.bound(activation) + rounding,
                "Winograd of floats, \(element.name), pixel \(y), \(x), column \(column)")
            }
          }
        }
      }
    }

    /// The sums of plain loops bit for bit; the rows lie in a larger map, as windows of theirs start before the map.
    func expectShorts(_ element: MapElementType) {
      let found = run(.int16, element, .identity, isAdded: false)
      // Its second windows, from pixel 4 on, read from pixel 3 on.
      let plain = PlainWinograd(
        height: 12, width: 4 * windows + 8, channels: channels, columns: columns,
        limit: Float(CountedKernels.winogradLimit(channels: channels)), isFused: true)
      var map = [Float](repeating: 0, count: plain.height * plain.width * channels)
      for y in 0..<6 {
        for x in 0..<4 * windows + 2 {
          for channel in 0..<channels {
            map[((y + 3) * plain.width + x + 3) * channels + channel] = Float(rows[y, x, channel])
          }
        }
      }
      let sums = plain.run(map, kernel: kernel, bias: bias)
      for y in 0..<3 {
        for x in 0..<width {
          for column in 0..<columns {
            var expected = sums[((y + 4) * plain.width + x + 4) * columns + column]
            if element == .bfloat16 { expected = PackedLayout.rounded([expected])[0] }
            Comparisons.expectEqual(
              [found[(y * width + x) * columns + column]], [expected],
              "Winograd of 16-bit integers, \(element.name), pixel \(y), \(x), column \(column)")
          }
        }
      }
    }

    // MARK: The kernels in a plan's order

    /// `[3][width][columns]`
    private func run(
      _ arithmetic: Arithmetic, _ element: MapElementType, _ activation: Activation, isAdded: Bool
    ) -> [Float] {
      let panelWidth = CountedKernels.panelWidth
      let windowScales = GuardedFloats(count: windows)
      let (points, tileStride) = rowPanels(arithmetic, element, windowScales)
      let (weights, scales) = packed(arithmetic)
      let depth = CountedKernels.words(of: channels, arithmetic)
      let pixelStride = residual.stride(element)
      let output = GuardedFloats([Float](repeating: 0, count: 3 * width * pixelStride))
      let zeros = GuardedFloats([Float](repeating: 0, count: 36 * panelWidth))
      let biases = GuardedFloats(bias + [Float](repeating: 0, count: panels * panelWidth - columns))
      let starts = [Int32](repeating: 0, count: 36 * panelWidth)
      let (pointStride, windowStride) = (windows * panelWidth, panelWidth)
      let sums = GuardedFloats(count: 36 * windows * panelWidth)
      let offsets = (0..<windows).map { $0 * windowStride }
      let tileRows = CountedKernels.tileRows(arithmetic)
      for panel in 0..<panels {
        CountedKernels.multiply(
          Product(
            rowPanel: points.start, rowPanelStride: tileStride, rowCount: windows,
            tiles: 0..<(windows + tileRows - 1) / tileRows, segmentStride: tileRows * CountedKernels.vectorWidth,
            tileStride: 36 * tileStride, columnPanels: weights.start + panel * 36 * depth * panelWidth, depth: depth,
            panels: 0..<36, narrowPanel: nil, bias: zeros.start, output: sums.start, outputOffsets: kept(offsets),
            residual: nil, residualOffsets: kept(offsets), activation: .identity, arithmetic: arithmetic,
            columnScales: scales.start + panel * 36 * panelWidth, starts: kept(starts), sums: sums.start))
        let words = panel * (element == .float32 ? panelWidth : CountedKernels.vectorWidth)
        let added = residual.pointers(element).map { $0 + words }
        let outputs = (0..<3).map { output.start + $0 * width * pixelStride + words }
        CountedKernels.transformOutput(
          WinogradOutput(
            sums: sums.start, pointStride: pointStride, windowStride: windowStride,
            bias: biases.start + panel * panelWidth, activation: activation, outputs: kept(outputs),
            residuals: isAdded ? kept(added) : nil, rows: 3, pixelStride: pixelStride, windows: windows,
            pixels: width, element: element,
            scales: arithmetic == .int16
              ? WinogradScales(columns: scales.start + panel * 36 * panelWidth, windows: windowScales.start) : nil))
      }
      let values =
        element == .float32
        ? output.values : PackedLayout(width: CountedKernels.vectorWidth).values(output.values)
      return (0..<3 * width).flatMap { Array(values[$0 * panels * panelWidth..<$0 * panels * panelWidth + columns]) }
    }

    /// Windows transformed: `[tile][point]`, and from a point to the next.
    private func rowPanels(
      _ arithmetic: Arithmetic, _ element: MapElementType, _ scales: GuardedFloats
    ) -> (memory: GuardedFloats, tileStride: Int) {
      let vectorWidth = CountedKernels.vectorWidth
      let shape = RowPanel(arithmetic, rows: CountedKernels.tileRows(arithmetic), channels: channels)
      let tiles = (windows + shape.rows - 1) / shape.rows
      let memory = GuardedFloats([Float](repeating: 0, count: tiles * 36 * shape.tileStride))
      let vectors = (channels + vectorWidth - 1) / vectorWidth
      for tile in 0..<tiles {
        let range = CountedKernels.rows(ofTile: tile, in: windows, arithmetic)
        for window in range {
          let inputs = rows.pointers(element)
          let pixels = kept((0..<6).map { inputs[$0] + 4 * window * rows.stride(element) })
          let output = memory.start + (tile * 36 * shape.tileStride + (window - range.lowerBound) * vectorWidth)
          if arithmetic == .int16 {
            CountedKernels.transformInput(
              WinogradIntegers(
                inputs: pixels, pixelStride: rows.stride(element), channels: channels, element: element,
                output: output, pointStride: shape.tileStride, segmentStride: shape.segmentStride,
                scale: scales.start + window))
          } else {
            CountedKernels.transformInput(
              WinogradInput(
                inputs: pixels, pixelStride: rows.stride(element), vectors: vectors, windows: 1, output: output,
                pointStride: shape.tileStride, windowStride: vectorWidth, vectorStride: shape.segmentStride,
                element: element))
          }
        }
      }
      return (memory, shape.tileStride)
    }

    private func packed(_ arithmetic: Arithmetic) -> (weights: GuardedFloats, scales: GuardedFloats) {
      let panelWidth = CountedKernels.panelWidth
      let depth = CountedKernels.words(of: channels, arithmetic)
      let weights = GuardedFloats(count: panels * 36 * depth * panelWidth)
      let scales = GuardedFloats(count: panels * 36 * panelWidth)
      let ones = GuardedFloats([Float](repeating: 1, count: panels * panelWidth))
      CountedKernels.pack(
        WinogradPacking(
          values: kept(kernel), channels: channels, columns: columns, scale: ones.start, panels: weights.start,
          arithmetic: arithmetic, columnScales: arithmetic == .int16 ? scales.start : nil))
      return (weights, scales)
    }
  }
}
