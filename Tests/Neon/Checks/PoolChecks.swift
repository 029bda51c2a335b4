import CountedKernels
import Kernels

/// Pools under windows and over whole maps, of both elements.
enum PoolChecks {
  static func run() {
    var random = RandomValues(seed: 7)
    for index in 0..<120 {
      expectPool(odd: [nil, nil, .nan, .infinity, -.infinity][index % 5], &random)
      expectGlobalPool(odd: [nil, nil, .nan, .infinity, -.infinity][index % 5], &random)
    }
  }

  private static func expectPool(odd: Float?, _ random: inout RandomValues) {
    let inputWidth = random.count(1...9)
    let rows = MapRows(
      rows: random.count(1...3), pixels: inputWidth, panels: random.count(1...2), &random, odd: odd)
    let padding = random.count(0...1)
    let stride = random.count(1...2)
    let dilation = random.count(1...2)
    let windowWidth = random.count(2...3) + padding
    // Windows that start at the last pixel at the latest have a pixel inside.
    let pixels = (inputWidth - 1 + padding) / stride + 1
    let factors = random.floats(2 * rows.channels)
    let weights = GuardedFloats(factors)
    func pool(_ element: MapElementType, _ kind: Kind) -> [Float] {
      let found = GuardedFloats(count: pixels * rows.stride(element))
      let run = PoolRun(
        inputs: kept(rows.pointers(element)), inputRows: rows.count, inputWidth: inputWidth,
        pixelStride: rows.stride(element), windowWidth: windowWidth, stride: stride, dilation: dilation,
        paddingLeft: padding, divisor: kind.divisor, output: found.start, outputPixelStride: rows.stride(element),
        pixels: pixels, vectors: rows.stride(element) / CountedKernels.vectorWidth, element: element,
        normalization: kind.isNormalized ? PoolNormalization(weights: weights.start, activation: .identity) : nil,
        activation: kind.activation)
      if kind.isMaximum { CountedKernels.maximumPool(run) } else { CountedKernels.averagePool(run) }
      return found.values
    }
    for kind in Kind.all {
      let found = pool(.float32, kind)
      for pixel in 0..<pixels {
        let columns = (0..<windowWidth).map { pixel * stride - padding + $0 * dilation }.filter {
          (0..<inputWidth).contains($0)
        }
        // No network has a window that lies in the padding only.
        if columns.isEmpty { continue }
        for channel in 0..<rows.channels {
          let values = (0..<rows.count).flatMap { row in columns.map { rows[row, $0, channel] } }
          let (vector, lane) = channel.quotientAndRemainder(dividingBy: CountedKernels.vectorWidth)
          let place = 2 * vector * CountedKernels.vectorWidth + lane
          let normalization = (factors[place + CountedKernels.vectorWidth], factors[place])
          expect(found[pixel * rows.channels + channel], values, kind, kind.isNormalized ? normalization : (1, 0))
        }
      }
      let packed = pool(.bfloat16, kind)
      Comparisons.expectEqual(
        PackedLayout(width: CountedKernels.vectorWidth).values(packed), PackedLayout.rounded(found),
        "packed \(kind.name)")
    }
  }

  private static func expectGlobalPool(odd: Float?, _ random: inout RandomValues) {
    let (height, width) = (random.count(1...4), random.count(1...9))
    let rows = MapRows(rows: height, pixels: width, panels: random.count(1...3), &random, odd: odd)
    func pool(_ element: MapElementType, _ output: MapElementType, isMaximum: Bool) -> [Float] {
      let found = GuardedFloats(count: rows.stride(output))
      let vectors = rows.stride(element) / CountedKernels.vectorWidth
      for part in [0..<1, 1..<vectors] where !part.isEmpty {
        CountedKernels.globalPool(
          GlobalPoolRun(
            isMaximum: isMaximum, input: rows.pointers(element)[0], height: height, width: width,
            rowStride: width * rows.stride(element), pixelStride: rows.stride(element), vectors: part,
            output: found.start, element: element, outputElement: output))
      }
      return found.values
    }
    for kind in [Kind(isMaximum: true), Kind()] {
      let isMaximum = kind.isMaximum
      let what = "global \(kind.name)"
      let found = pool(.float32, .float32, isMaximum: isMaximum)
      for channel in 0..<rows.channels {
        let values = (0..<height).flatMap { y in (0..<width).map { x in rows[y, x, channel] } }
        expect(found[channel], values, kind)
      }
      Comparisons.expectEqual(pool(.bfloat16, .float32, isMaximum: isMaximum), found, "widened \(what)")
      let packed = pool(.bfloat16, .bfloat16, isMaximum: isMaximum)
      Comparisons.expectEqual(
        PackedLayout(width: CountedKernels.vectorWidth).values(packed), PackedLayout.rounded(found), "packed \(what)")
    }
  }

  private struct Kind {
    var isMaximum = false
    var divisor: Int?
    var isNormalized = false
    var activation = Activation.identity

    var name: String { isMaximum ? "maximum pool" : isNormalized ? "normalized average pool" : "average pool" }

    static let all = [
      Kind(isMaximum: true), Kind(), Kind(divisor: 9), Kind(isNormalized: true),
      Kind(isMaximum: true, activation: .clip(minimum: -0.5, maximum: 0.5)), Kind(divisor: 4, activation: .relu),
    ]
  }

  /// The largest of values, or the mean of what a factor and an offset make of them.
  private static func expect(
    _ found: Float, _ values: [Double], _ kind: Kind, _ normalization: (factor: Float, offset: Float) = (1, 0)
  ) {
    if kind.isMaximum {
      let largest = values.contains { $0.isNaN } ? Double.nan : values.reduce(-.infinity) { max($0, $1) }
      return Comparisons.expectNear(found, kind.activation(largest), within: 0, kind.name)
    }
    let divisor = Double(kind.divisor ?? values.count)
    var mean = PlainSum()
    for value in values {
      mean.add(value * Double(normalization.factor) / divisor)
      mean.add(Double(normalization.offset) / divisor)
    }
    mean.expect(found, behind: kind.activation, kind.name)
  }
}
