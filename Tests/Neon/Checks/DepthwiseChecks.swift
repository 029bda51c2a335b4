import CountedKernels
import Kernels

/// Depthwise sums of every kind of window, from maps of both elements to both.
enum DepthwiseChecks {
  private static var windows: [DepthwiseWindow] {
    [
      DepthwiseWindow(height: 1, width: 1, stride: 1, dilation: 1),
      DepthwiseWindow(height: 1, width: 1, stride: 2, dilation: 1),
      DepthwiseWindow(height: 3, width: 3, stride: 1, dilation: 1),
      DepthwiseWindow(height: 3, width: 3, stride: 2, dilation: 1),
      DepthwiseWindow(height: 3, width: 3, stride: 1, dilation: 2),
      DepthwiseWindow(height: 1, width: 4, stride: 1, dilation: 1),
      DepthwiseWindow(height: 5, width: 2, stride: 3, dilation: 2),
    ]
  }

  static func run() {
    var random = RandomValues(seed: 1)
    for window in windows {
      for pixels in [1, 2, 3, 4, 5, 6, 7, 8, 16] {
        for odd in [nil, .nan, .infinity, -.infinity] as [Float?] {
          let layer = Layer(window, pixels: pixels, odd: odd, &random)
          for inputActivation in [Activation.identity, .relu] {
            for activation in [Activation.identity, .relu6, .clip(minimum: -1, maximum: 2), .hardSwish] {
              layer.expect(inputActivation, activation)
            }
          }
        }
      }
    }
  }

  private struct Layer {
    let window: DepthwiseWindow
    let pixels: Int
    let rows: MapRows
    let weights: GuardedFloats

    init(_ window: DepthwiseWindow, pixels: Int, odd: Float?, _ random: inout RandomValues) {
      self.window = window
      self.pixels = pixels
      rows = MapRows(
        rows: window.height, pixels: (pixels - 1) * window.stride + (window.width - 1) * window.dilation + 1,
        panels: random.count(1...3), &random, odd: odd)
      weights = GuardedFloats(random.floats(rows.channels * (1 + window.height * window.width)))
    }

    func expect(_ inputActivation: Activation, _ activation: Activation) {
      let what = "depthwise \(window.height) x \(window.width) / \(window.stride), activation \(activation.code)"
      let found = sums(.float32, .float32, inputActivation, activation)
      for pixel in 0..<pixels {
        for channel in 0..<rows.channels {
          plain(pixel, channel, inputActivation).expect(
            found[pixel * rows.channels + channel], behind: activation, "\(what), pixel \(pixel), channel \(channel)")
        }
      }
      let layout = PackedLayout(width: CountedKernels.vectorWidth)
      let rounded = PackedLayout.rounded(found)
      Comparisons.expectEqual(sums(.bfloat16, .float32, inputActivation, activation), found, "\(what), widened")
      for element in [MapElementType.float32, .bfloat16] {
        Comparisons.expectEqual(
          layout.values(sums(element, .bfloat16, inputActivation, activation)), rounded, "\(what), packed")
      }
    }

    private func sums(
      _ input: MapElementType, _ output: MapElementType, _ inputActivation: Activation, _ activation: Activation
    ) -> [Float] {
      let found = GuardedFloats(count: pixels * rows.stride(output))
      let slots = (0..<pixels).map { $0 * rows.stride(output) }
      let vectors = rows.channels / CountedKernels.vectorWidth
      for part in [0..<2, 2..<vectors] where !part.isEmpty {
        CountedKernels.depthwise(
          DepthwiseRun(
            inputs: kept(rows.pointers(input)), pixelStride: rows.stride(input), ahead: 0, window: window,
            vectors: part,
            weights: weights.start, inputActivation: inputActivation, activation: activation, output: found.start,
            slots: kept(slots), vectorStride: CountedKernels.vectorWidth, pixels: pixels, inputElement: input,
            outputElement: output))
      }
      return found.values
    }

    /// Of weights `[vector][1 + taps][vectorWidth]`.
    private func plain(_ pixel: Int, _ channel: Int, _ inputActivation: Activation) -> PlainSum {
      let width = CountedKernels.vectorWidth
      let taps = 1 + window.height * window.width
      func weight(_ tap: Int) -> Float { weights.start[(channel / width * taps + tap) * width + channel % width] }
      var sum = PlainSum(weight(0))
      for y in 0..<window.height {
        for x in 0..<window.width {
          let input = rows[y, pixel * window.stride + x * window.dilation, channel]
          sum.add(inputActivation(input) * Double(weight(1 + y * window.width + x)))
        }
      }
      return sum
    }
  }
}
