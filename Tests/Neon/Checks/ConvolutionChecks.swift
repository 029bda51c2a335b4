import CountedKernels
import Kernels

/// Kernels one after the other, as a plan runs them: windows gathered, quantized and multiplied, and depthwise sums multiplied
/// at once.
enum ConvolutionChecks {
  static func run() {
    var random = RandomValues(seed: 31)
    for (size, stride, channels, columns) in [
      (1, 1, 1, 1), (1, 2, 16, 40), (3, 1, 3, 32), (3, 2, 8, 17), (5, 1, 5, 9), (7, 2, 3, 64), (2, 1, 33, 24),
    ] {
      for pixels in [1, 5, 6, 7, 13] {
        let layer = Layer(size, stride, pixels: pixels, channels, columns, &random)
        for element in [MapElementType.float32, .bfloat16] {
          for inputActivation in [Activation.identity, .relu] {
            layer.expectFloats(element, inputActivation, .relu6)
            layer.expectIntegers(element, inputActivation, .int8)
            layer.expectIntegers(element, inputActivation, .int16)
          }
        }
        layer.expectFloats(.float32, .identity, .silu)
      }
    }
    for (pixels, channels, columns) in [(1, 8, 8), (6, 16, 9), (7, 40, 33), (20, 24, 70)] {
      expectSeparable(.float32, pixels, channels, columns, &random)
      expectSeparable(.int8, pixels, channels, columns, &random)
    }
  }

  /// One row of the output of a convolution without padding.
  private struct Layer {
    let size: Int
    let stride: Int
    let pixels: Int
    let channels: Int
    let columns: Int
    let rows: MapRows
    /// `[y][x][channel][column]`, whole numbers.
    let weights: [Float]
    let bias: [Float]

    init(
      _ size: Int, _ stride: Int, pixels: Int, _ channels: Int, _ columns: Int, _ random: inout RandomValues
    ) {
      (self.size, self.stride, self.pixels, self.channels, self.columns) = (size, stride, pixels, channels, columns)
      let panelWidth = CountedKernels.panelWidth
      rows = MapRows(
        rows: size, pixels: (pixels - 1) * stride + size, panels: (channels + panelWidth - 1) / panelWidth, &random)
      weights = (0..<size * size * channels * columns).map { _ in Float(random.count(-127...127)) }
      bias = random.floats(columns)
    }

    private var depth: Int { size * size * channels }

    private func window(_ pixel: Int, _ inputActivation: Activation) -> [Float] {
      (0..<size).flatMap { y in
        (0..<size).flatMap { x in
          (0..<channels).map { Float(inputActivation(rows[y, pixel * stride + x, $0])) }
        }
      }
    }

    private func gather(
      _ element: MapElementType, _ inputActivation: Activation, to panel: UnsafeMutablePointer<Float>, slots: [Int],
      segmentStride: Int
    ) {
      let line = GuardedFloats(count: CountedKernels.tileRows(.float32) * (depth + CountedKernels.vectorWidth))
      let pixelStride = rows.stride(element)
      CountedKernels.gather(
        GatherRun(
          inputs: kept(rows.pointers(element)), inputRows: size, step: stride * pixelStride, pieces: size,
          pieceStride: pixelStride, length: element == .float32 ? channels : pixelStride,
          inputActivation: inputActivation, rowPanel: panel, slots: kept(slots), segmentStride: segmentStride,
          pixels: pixels, line: line.start, inputElement: element, channels: channels))
    }

    func expectFloats(_ element: MapElementType, _ inputActivation: Activation, _ activation: Activation) {
      let panel = RowPanel(.float32, rows: pixels, channels: depth)
      gather(
        element, inputActivation, to: panel.memory.start, slots: panel.slots, segmentStride: panel.segmentStride)
      let found = PackedColumns(.float32, weights, bias: bias).product(panel, activation)
      for pixel in 0..<pixels {
        let window = window(pixel, inputActivation)
        for column in 0..<columns {
          var sum = PlainSum(bias[column])
          for (index, value) in window.enumerated() {
            sum.add(Double(value) * Double(weights[index * columns + column]))
          }
          sum.expect(
            found[pixel * columns + column], behind: activation, "convolution \(size) x \(size), \(element.name)")
        }
      }
    }

    /// Sums are whole, and become floats in one rounding: the values are those of plain loops bit for bit.
    func expectIntegers(_ element: MapElementType, _ inputActivation: Activation, _ arithmetic: Arithmetic) {
      let width = CountedKernels.vectorWidth
      let lineStride = (depth + width - 1) / width * width + 4 * width
      let lines = GuardedFloats(count: pixels * lineStride)
      gather(
        element, inputActivation, to: lines.start, slots: (0..<pixels).map { $0 * lineStride }, segmentStride: width)
      let limit = arithmetic == .int8 ? 127 : Float(CountedKernels.shortLimit(channels: depth))
      let panel = RowPanel(arithmetic, rows: pixels, channels: depth)
      panel.quantize(lines, channels: depth, limit: limit)
      let found = PackedColumns(arithmetic, weights, bias: bias).product(panel, .relu)
      let packed = (0..<columns).map { column in
        let weights = (0..<depth).map { self.weights[$0 * columns + column] }
        if arithmetic == .int16 { return ShortRow(weights, limit: limit, isFused: true) }
        var row = ShortRow(weights, limit: 127, isFused: true)
        (row.integers, row.scale) = (weights.map { Int($0) }, 1)
        return row
      }
      var expected: [Float] = []
      for pixel in 0..<pixels {
        let row = ShortRow(window(pixel, inputActivation), limit: limit, isFused: true)
        for column in 0..<columns {
          expected.append(
            max(0, bias[column].addingProduct(row.sum(packed[column]), row.scale * packed[column].scale)))
        }
      }
      Comparisons.expectEqual(
        found, expected, "convolution \(size) x \(size), \(arithmetic.name), \(element.name)")
    }
  }

  /// Depthwise sums go straight to the row panel of floats, or to the lines that become integers.
  private static func expectSeparable(
    _ arithmetic: Arithmetic, _ pixels: Int, _ channels: Int, _ columns: Int, _ random: inout RandomValues
  ) {
    let width = CountedKernels.vectorWidth
    let rows = MapRows(rows: 3, pixels: pixels + 2, panels: channels / CountedKernels.panelWidth, &random)
    let taps = random.floats(10 * channels)
    let weights = (0..<channels * columns).map { _ in Float(random.count(-127...127)) }
    let bias = random.floats(columns)
    let panel = RowPanel(arithmetic, rows: pixels, channels: channels)
    let lineStride = channels + 4 * width
    let lines = GuardedFloats(count: pixels * lineStride)
    func depthwise(_ output: UnsafeMutablePointer<Float>, _ slots: [Int], vectorStride: Int) {
      CountedKernels.depthwise(
        DepthwiseRun(
          inputs: kept(rows.pointers(.float32)), pixelStride: rows.stride(.float32), ahead: 0,
          window: DepthwiseWindow(height: 3, width: 3, stride: 1, dilation: 1), vectors: 0..<channels / width,
          weights: kept(taps), inputActivation: .relu, output: output, slots: kept(slots), vectorStride: vectorStride,
          pixels: pixels))
    }
    depthwise(lines.start, (0..<pixels).map { $0 * lineStride }, vectorStride: width)
    if arithmetic == .int8 {
      panel.quantize(lines, channels: channels, limit: 127)
    } else {
      depthwise(panel.memory.start, panel.slots, vectorStride: panel.segmentStride)
    }
    let found = PackedColumns(arithmetic, weights, bias: bias).product(panel, .relu6)
    for pixel in 0..<pixels {
      let sums = (0..<channels).map { channel in
        func tap(_ index: Int) -> Float { taps[(channel / width * 10 + index) * width + channel % width] }
        var sum = PlainSum(tap(0))
        for index in 0..<9 {
          sum.add(max(0, rows[index / 3, pixel + index % 3, channel]) * Double(tap(1 + index)))
        }
        return sum
      }
      // What is rounded to integers are the sums that the kernel found.
      let start = pixel * lineStride
      let row = ShortRow(Array(lines.values[start..<start + channels]), limit: 127, isFused: true)
      for column in 0..<columns {
        var sum = PlainSum(bias[column])
        for channel in 0..<channels {
          let weight = Double(weights[channel * columns + column])
          if arithmetic == .float32 {
            sum.add(sums[channel], times: weight)
          } else {
            sum.add(Double(row.integers[channel]) * Double(row.scale) * weight)
          }
        }
        sum.expect(found[pixel * columns + column], behind: .relu6, "separable, \(arithmetic.name), \(pixels) pixels")
      }
    }
  }
}
