import CountedKernels
import Kernels

/// Winograd's convolutions of 3 x 3 and 5 x 5 with products of floats and of 16-bit integers.
enum WinogradChecks {
  static func run() {
    var random = RandomValues(seed: 11)
    for (side, taps) in [(4, 3), (4, 5), (6, 3)] {
      for (windows, channels, columns) in [(1, 8, 8), (2, 32, 33), (7, 40, 16), (13, 65, 24)] {
        for element in [MapElementType.float32, .bfloat16] {
          let layer = Layer(side: side, taps: taps, windows, channels, columns, &random)
          layer.expectFloats(element)
          layer.expectShorts(element)
        }
      }
    }
  }

  /// Windows beside each other, and an output of all but the last of their rows and columns.
  private struct Layer {
    /// The pixels of a window's side.
    let side: Int
    let taps: Int
    let windows: Int
    let channels: Int
    let columns: Int
    let rows: MapRows
    /// `[taps][taps][channels][columns]`
    let kernel: [Float]
    let bias: [Float]
    let residual: MapRows

    init(
      side: Int, taps: Int, _ windows: Int, _ channels: Int, _ columns: Int, _ random: inout RandomValues
    ) {
      (self.side, self.taps, self.windows, self.channels, self.columns) = (side, taps, windows, channels, columns)
      let panelWidth = CountedKernels.panelWidth
      rows = MapRows(
        rows: side + taps - 1, pixels: side * windows + taps - 1, panels: (channels + panelWidth - 1) / panelWidth,
        &random, used: channels)
      kernel = random.floats(taps * taps * channels * columns, in: -1...1)
      bias = random.floats(columns)
      residual = MapRows(
        rows: side - 1, pixels: side * windows - 1, panels: (columns + panelWidth - 1) / panelWidth, &random)
    }

    private var width: Int { side * windows - 1 }
    private var height: Int { side - 1 }
    private var points: Int { (side + taps - 1) * (side + taps - 1) }
    private var isWide: Bool { points == 64 }
    private var name: String { "Winograd of \(side) x \(side) pixels and \(taps) x \(taps) taps" }
    private var panels: Int { (columns + CountedKernels.panelWidth - 1) / CountedKernels.panelWidth }

    func expectFloats(_ element: MapElementType) {
      for activation in [Activation.identity, .relu6, .silu] {
        let found = run(.float32, element, activation, isAdded: true)
        for y in 0..<height {
          for x in 0..<width {
            for column in 0..<columns {
              var sum = PlainSum(bias[column])
              sum.add(residual[y, x, column])
              for index in 0..<taps * taps * channels {
                let (tap, channel) = index.quotientAndRemainder(dividingBy: channels)
                sum.add(rows[y + tap / taps, x + tap % taps, channel] * Double(kernel[index * columns + column]))
              }
              let expected = activation(sum.value)
              // The weights' largest factor is 8/7, that of the rows' transform about 5: a few terms more. Those of wide windows
              // come to three times that.
              let rounding = element == .bfloat16 ? 0x1p-8 * (expected.magnitude + 1e-3) : 0
              Comparisons.expectNear(
                found[(y * width + x) * columns + column], expected,
                within: (isWide ? 3 : 1) * sum.bound(activation) + rounding,
                "\(name) of floats, \(element.name), pixel \(y), \(x), column \(column)")
            }
          }
        }
      }
    }

    /// The sums of plain loops bit for bit; the rows lie in a larger map, as windows of theirs start before the map.
    func expectShorts(_ element: MapElementType) {
      let found = run(.int16, element, .identity, isAdded: false)
      // Its second windows, of five taps from pixel 4 on, read from pixel 2 on.
      let first = side - taps / 2
      let plain = PlainWinograd(
        height: 3 * side, width: side * (windows + 2), channels: channels, columns: columns,
        limit: Float(CountedKernels.winogradLimit(channels: channels)), isFused: true, taps: taps, pixels: side)
      var map = [Float](repeating: 0, count: plain.height * plain.width * channels)
      for y in 0..<side + taps - 1 {
        for x in 0..<side * windows + taps - 1 {
          for channel in 0..<channels {
            map[((y + first) * plain.width + x + first) * channels + channel] = Float(rows[y, x, channel])
          }
        }
      }
      let sums = plain.run(map, kernel: kernel, bias: bias)
      for y in 0..<height {
        for x in 0..<width {
          for column in 0..<columns {
            var expected = sums[((y + side) * plain.width + x + side) * columns + column]
            if element == .bfloat16 { expected = PackedLayout.rounded([expected])[0] }
            Comparisons.expectEqual(
              [found[(y * width + x) * columns + column]], [expected],
              "\(name) of 16-bit integers, \(element.name), pixel \(y), \(x), column \(column)")
          }
        }
      }
    }

    // MARK: The kernels in a plan's order

    /// `[height][width][columns]`
    private func run(
      _ arithmetic: Arithmetic, _ element: MapElementType, _ activation: Activation, isAdded: Bool
    ) -> [Float] {
      let panelWidth = CountedKernels.panelWidth
      let windowScales = GuardedFloats(count: windows)
      let (rowPanel, tileStride) = rowPanels(arithmetic, element, windowScales)
      let (weights, scales) = packed(arithmetic)
      let depth = CountedKernels.words(of: channels, arithmetic)
      let pixelStride = residual.stride(element)
      let output = GuardedFloats([Float](repeating: 0, count: height * width * pixelStride))
      let zeros = GuardedFloats([Float](repeating: 0, count: points * panelWidth))
      let biases = GuardedFloats(bias + [Float](repeating: 0, count: panels * panelWidth - columns))
      let starts = [Int32](repeating: 0, count: points * panelWidth)
      let (pointStride, windowStride) = (windows * panelWidth, panelWidth)
      let sums = GuardedFloats(count: points * windows * panelWidth)
      let offsets = (0..<windows).map { $0 * windowStride }
      let tileRows = CountedKernels.tileRows(arithmetic)
      let memory = GuardedFloats(count: WinogradWideOutput.memoryVectors * CountedKernels.vectorWidth)
      for panel in 0..<panels {
        CountedKernels.multiply(
          Product(
            rowPanel: rowPanel.start, rowPanelStride: tileStride, rowCount: windows,
            tiles: 0..<(windows + tileRows - 1) / tileRows, segmentStride: tileRows * CountedKernels.vectorWidth,
            tileStride: points * tileStride, columnPanels: weights.start + panel * points * depth * panelWidth,
            depth: depth,
            panels: 0..<points, narrowPanel: nil, bias: zeros.start, output: sums.start, outputOffsets: kept(offsets),
            residual: nil, residualOffsets: kept(offsets), activation: .identity, arithmetic: arithmetic,
            columnScales: scales.start + panel * points * panelWidth, starts: kept(starts), sums: sums.start))
        let words = panel * (element == .float32 ? panelWidth : CountedKernels.vectorWidth)
        let added = residual.pointers(element).map { $0 + words }
        let outputs = (0..<height).map { output.start + $0 * width * pixelStride + words }
        let factors =
          arithmetic == .int16
          ? WinogradScales(columns: scales.start + panel * points * panelWidth, windows: windowScales.start) : nil
        if isWide {
          CountedKernels.transformOutput(
            WinogradWideOutput(
              side: side, sums: sums.start, pointStride: pointStride, windowStride: windowStride, scales: factors,
              bias: biases.start + panel * panelWidth, activation: activation, outputs: kept(outputs),
              residuals: isAdded ? kept(added) : nil, rows: height, pixelStride: pixelStride, windows: windows,
              pixels: width, element: element, memory: memory.start))
        } else {
          CountedKernels.transformOutput(
            WinogradOutput(
              sums: sums.start, pointStride: pointStride, windowStride: windowStride,
              bias: biases.start + panel * panelWidth, activation: activation, outputs: kept(outputs),
              residuals: isAdded ? kept(added) : nil, rows: height, pixelStride: pixelStride, windows: windows,
              pixels: width, element: element, scales: factors))
        }
      }
      let values =
        element == .float32
        ? output.values : PackedLayout(width: CountedKernels.vectorWidth).values(output.values)
      return (0..<height * width).flatMap {
        Array(values[$0 * panels * panelWidth..<$0 * panels * panelWidth + columns])
      }
    }

    /// Windows transformed: `[tile][point]`, and from a point to the next.
    private func rowPanels(
      _ arithmetic: Arithmetic, _ element: MapElementType, _ scales: GuardedFloats
    ) -> (memory: GuardedFloats, tileStride: Int) {
      let vectorWidth = CountedKernels.vectorWidth
      let shape = RowPanel(arithmetic, rows: CountedKernels.tileRows(arithmetic), channels: channels)
      let tiles = (windows + shape.rows - 1) / shape.rows
      let memory = GuardedFloats([Float](repeating: 0, count: tiles * points * shape.tileStride))
      let vectors = (channels + vectorWidth - 1) / vectorWidth
      let lineStride = (channels + 2 * vectorWidth - 1) / (2 * vectorWidth) * 2 * vectorWidth
      let lines = GuardedFloats(count: 64 * vectorWidth + 64 * lineStride + 4 * vectorWidth)
      for tile in 0..<tiles {
        let range = CountedKernels.rows(ofTile: tile, in: windows, arithmetic)
        for window in range {
          let inputs = rows.pointers(element)
          let pixels = kept(inputs.map { $0 + side * window * rows.stride(element) })
          let output = memory.start + (tile * points * shape.tileStride + (window - range.lowerBound) * vectorWidth)
          if isWide {
            CountedKernels.transformInput(
              WinogradWideInput(
                inputs: pixels, pixelStride: rows.stride(element), step: 0, channels: channels, element: element,
                windows: 1, memory: lines.start, lineStride: lineStride, output: output, pointStride: shape.tileStride,
                segmentStride: shape.segmentStride, scales: arithmetic == .int16 ? scales.start + window : nil))
          } else if arithmetic == .int16 {
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
      let weights = GuardedFloats(count: panels * points * depth * panelWidth)
      let scales = GuardedFloats(count: panels * points * panelWidth)
      let ones = GuardedFloats([Float](repeating: 1, count: panels * panelWidth))
      CountedKernels.pack(
        WinogradPacking(
          taps: taps, points: points, values: kept(kernel), channels: channels, columns: columns, scale: ones.start,
          panels: weights.start,
          arithmetic: arithmetic, columnScales: arithmetic == .int16 ? scales.start : nil))
      return (weights, scales)
    }
  }
}
