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
    func pool(_ element: MapElementType, divisor: Int?, isMaximum: Bool) -> [Float] {
      let found = GuardedFloats(count: pixels * rows.stride(element))
      let run = PoolRun(
        inputs: kept(rows.pointers(element)), inputRows: rows.count, inputWidth: inputWidth,
        pixelStride: rows.stride(element), windowWidth: windowWidth, stride: stride, dilation: dilation,
        paddingLeft: padding, divisor: divisor, output: found.start, outputPixelStride: rows.stride(element),
        pixels: pixels, vectors: rows.stride(element) / CountedKernels.vectorWidth, element: element)
      if isMaximum { CountedKernels.maximumPool(run) } else { CountedKernels.averagePool(run) }
      return found.values
    }
    for (isMaximum, divisor) in [(true, nil), (false, nil), (false, 9)] as [(Bool, Int?)] {
      let what = isMaximum ? "maximum pool" : "average pool"
      let found = pool(.float32, divisor: divisor, isMaximum: isMaximum)
      for pixel in 0..<pixels {
        let columns = (0..<windowWidth).map { pixel * stride - padding + $0 * dilation }.filter {
          (0..<inputWidth).contains($0)
        }
        // No network has a window that lies in the padding only.
        if columns.isEmpty { continue }
        for channel in 0..<rows.channels {
          let values = (0..<rows.count).flatMap { row in columns.map { rows[row, $0, channel] } }
          expect(found[pixel * rows.channels + channel], values, divisor, isMaximum, what)
        }
      }
      let packed = pool(.bfloat16, divisor: divisor, isMaximum: isMaximum)
      Comparisons.expectEqual(
        PackedLayout(width: CountedKernels.vectorWidth).values(packed), PackedLayout.rounded(found), "packed \(what)")
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
    for isMaximum in [true, false] {
      let what = isMaximum ? "global maximum" : "global mean"
      let found = pool(.float32, .float32, isMaximum: isMaximum)
      for channel in 0..<rows.channels {
        let values = (0..<height).flatMap { y in (0..<width).map { x in rows[y, x, channel] } }
        expect(found[channel], values, nil, isMaximum, what)
      }
      Comparisons.expectEqual(pool(.bfloat16, .float32, isMaximum: isMaximum), found, "widened \(what)")
      let packed = pool(.bfloat16, .bfloat16, isMaximum: isMaximum)
      Comparisons.expectEqual(
        PackedLayout(width: CountedKernels.vectorWidth).values(packed), PackedLayout.rounded(found), "packed \(what)")
    }
  }

  /// The largest of values or their mean.
  private static func expect(
    _ found: Float, _ values: [Double], _ divisor: Int?, _ isMaximum: Bool, _ what: String
  ) {
    if isMaximum {
      let largest = values.contains { $0.isNaN } ? Double.nan : values.reduce(-.infinity) { max($0, $1) }
      return Comparisons.expectNear(found, largest, within: 0, what)
    }
    var mean = PlainSum()
    for value in values { mean.add(value / Double(divisor ?? values.count)) }
    mean.expect(found, what)
  }
}
