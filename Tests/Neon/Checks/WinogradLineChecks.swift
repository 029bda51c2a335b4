import CountedKernels
import Kernels

/// Winograd's convolutions of 1 x 7 and 7 x 1.
enum WinogradLineChecks {
  static func run() {
    var random = RandomValues(seed: 12)
    for (windows, channels, columns) in [(1, 8, 8), (2, 32, 33), (7, 40, 16), (13, 65, 24)] {
      for isRow in [true, false] {
        let layer = Layer(windows, channels, columns, isRow, &random)
        for pixels in 1...2 { layer.expect(pixels: pixels) }
      }
    }
  }

  /// Windows beside each other, whose pixels are beside each other too or below each other.
  private struct Layer {
    let windows: Int
    let channels: Int
    let columns: Int
    let isRow: Bool
    let rows: MapRows
    /// `[7][channels][columns]`
    let kernel: [Float]
    let bias: [Float]
    let residual: MapRows

    init(_ windows: Int, _ channels: Int, _ columns: Int, _ isRow: Bool, _ random: inout RandomValues) {
      (self.windows, self.channels, self.columns, self.isRow) = (windows, channels, columns, isRow)
      let panelWidth = CountedKernels.panelWidth
      rows = MapRows(
        rows: isRow ? 1 : 8, pixels: isRow ? 2 * windows + 6 : windows,
        panels: (channels + panelWidth - 1) / panelWidth, &random)
      kernel = random.floats(7 * channels * columns, in: -1...1)
      bias = random.floats(columns)
      residual = MapRows(
        rows: isRow ? 1 : 2, pixels: isRow ? 2 * windows : windows, panels: (columns + panelWidth - 1) / panelWidth,
        &random)
    }

    private var panels: Int { (columns + CountedKernels.panelWidth - 1) / CountedKernels.panelWidth }

    /// - Parameter pixels: How many of each window's two are inside the output.
    func expect(pixels: Int) {
      for activation in [Activation.identity, .relu6, .silu] {
        let found = run(activation, pixels: pixels)
        for window in 0..<windows {
          for pixel in 0..<pixels {
            let (y, x) = isRow ? (0, 2 * window + pixel) : (pixel, window)
            for column in 0..<columns {
              var sum = PlainSum(bias[column])
              sum.add(residual[y, x, column])
              for index in 0..<7 * channels {
                let (tap, channel) = index.quotientAndRemainder(dividingBy: channels)
                let value = isRow ? rows[0, x + tap, channel] : rows[y + tap, x, channel]
                sum.add(value * Double(kernel[index * columns + column]))
              }
              Comparisons.expectNear(
                found[(y * residual.rowPixels + x) * residual.channels + column], activation(sum.value),
                within: sum.bound(activation), "Winograd of lines, window \(window), pixel \(pixel), column \(column)")
            }
          }
        }
      }
    }

    /// The output, laid out as the residual.
    private func run(_ activation: Activation, pixels: Int) -> [Float] {
      let (vectorWidth, panelWidth) = (CountedKernels.vectorWidth, CountedKernels.panelWidth)
      let shape = RowPanel(.float32, rows: CountedKernels.tileRows(.float32), channels: channels)
      let points = rowPanels(shape)
      let weights = GuardedFloats(count: panels * 8 * channels * panelWidth)
      let ones = GuardedFloats([Float](repeating: 1, count: panels * panelWidth))
      CountedKernels.pack(
        WinogradLinePacking(
          values: kept(kernel), channels: channels, columns: columns, scale: ones.start, panels: weights.start))
      let pixelStride = residual.stride(.float32)
      let output = GuardedFloats([Float](repeating: 0, count: residual.count * residual.rowPixels * pixelStride))
      let zeros = GuardedFloats([Float](repeating: 0, count: 8 * panelWidth))
      let biases = GuardedFloats(bias + [Float](repeating: 0, count: panels * panelWidth - columns))
      let sums = GuardedFloats(count: 8 * windows * panelWidth)
      let offsets = (0..<windows).map { $0 * panelWidth }
      let next = isRow ? pixelStride : residual.rowPixels * pixelStride
      for panel in 0..<panels {
        CountedKernels.multiply(
          Product(
            rowPanel: points.start, rowPanelStride: shape.tileStride, rowCount: windows,
            tiles: 0..<(windows + shape.rows - 1) / shape.rows, segmentStride: shape.rows * vectorWidth,
            tileStride: 8 * shape.tileStride, columnPanels: weights.start + panel * 8 * channels * panelWidth,
            depth: channels, panels: 0..<8, narrowPanel: nil, bias: zeros.start, output: sums.start,
            outputOffsets: kept(offsets), residual: nil, residualOffsets: kept(offsets), activation: .identity,
            sums: sums.start))
        let first = panel * panelWidth
        CountedKernels.transformOutput(
          WinogradLineOutput(
            sums: sums.start, pointStride: windows * panelWidth, windowStride: panelWidth, bias: biases.start + first,
            activation: activation, outputs: kept((0..<pixels).map { output.start + first + $0 * next }),
            residuals: kept((0..<pixels).map { residual.pointers(.float32)[0] + first + $0 * next }),
            pixels: pixels, step: isRow ? 2 * pixelStride : pixelStride, windows: windows))
      }
      return output.values
    }

    /// Windows transformed, `[tile][point]`.
    private func rowPanels(_ shape: RowPanel) -> GuardedFloats {
      let vectorWidth = CountedKernels.vectorWidth
      let memory = GuardedFloats(
        [Float](repeating: 0, count: (windows + shape.rows - 1) / shape.rows * 8 * shape.tileStride))
      let stride = rows.stride(.float32)
      let pixels = isRow ? (0..<8).map { rows.pointers(.float32)[0] + $0 * stride } : rows.pointers(.float32)
      let step = isRow ? 2 * stride : stride
      for tile in 0..<(windows + shape.rows - 1) / shape.rows {
        let range = CountedKernels.rows(ofTile: tile, in: windows, .float32)
        CountedKernels.transformInput(
          WinogradLineInput(
            inputs: kept(pixels.map { $0 + range.lowerBound * step }), step: step,
            vectors: (channels + vectorWidth - 1) / vectorWidth, windows: range.count,
            output: memory.start + tile * 8 * shape.tileStride, pointStride: shape.tileStride,
            windowStride: vectorWidth, vectorStride: shape.segmentStride))
      }
      return memory
    }
  }
}
