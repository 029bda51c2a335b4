import CountedKernels
import Kernels

/// A level of Strassen's product, with numbers of rows, of channels and of column panels that do and do not divide by two.
enum StrassenChecks {
  static func run() {
    var random = RandomValues(seed: 5)
    for pixels in [1, 2, 3, 11, 12, 13, 25, 40] {
      for (channels, columns) in [(8, 16), (12, 32), (40, 70), (33, 24), (64, 44)] {
        for isWhole in [true, false] { expect(pixels, channels, columns, isWhole: isWhole, &random) }
      }
    }
  }

  private static func expect(
    _ pixels: Int, _ channels: Int, _ columns: Int, isWhole: Bool, _ random: inout RandomValues
  ) {
    func values(_ count: Int) -> [Float] {
      isWhole ? (0..<count).map { _ in Float(random.count(-3...3)) } : random.floats(count)
    }
    let (rows, weights, bias) = (values(pixels * channels), values(channels * columns), values(columns))
    let residual = values(pixels * columns)
    let found = product(rows, weights, bias, residual, channels: channels, .relu6)
    let exact = (0..<pixels * columns).map { index in
      let (pixel, column) = index.quotientAndRemainder(dividingBy: columns)
      return (0..<channels).reduce(Double(bias[column]) + Double(residual[index])) {
        $0 + Double(rows[pixel * channels + $1]) * Double(weights[$1 * columns + column])
      }
    }
    // A level of it adds about eight times as much as plain sums do in units of the largest value (Higham, section 23.2.2).
    let bound = isWhole ? 0 : 64 * 0x1p-24 * exact.reduce(1) { max($0, $1.magnitude) }
    for (found, exact) in zip(found, exact) {
      Comparisons.expectNear(
        found, Activation.relu6(exact), within: bound, "Strassen \(pixels) x \(channels) x \(columns)")
    }
  }

  private static func product(
    _ rows: [Float], _ weights: [Float], _ bias: [Float], _ residual: [Float], channels: Int, _ activation: Activation
  ) -> [Float] {
    let (width, panelWidth) = (CountedKernels.vectorWidth, CountedKernels.panelWidth)
    let pixels = rows.count / channels
    let pairs = (pixels + 1) / 2
    let tileRows = CountedKernels.tileRows(.float32)
    let tiles = (pairs + tileRows - 1) / tileRows
    let half = CountedKernels.strassenHalf(of: channels)
    let segmentStride = tileRows * width
    let tileStride = half / width * segmentStride
    let operandStride = tiles * tileStride
    let operands = GuardedFloats([Float](repeating: 0, count: 8 * operandStride))
    var slots: [Int] = []
    for tile in 0..<tiles {
      let range = CountedKernels.rows(ofTile: tile, in: pairs, .float32)
      for pair in range {
        let slot = tile * tileStride + (pair - range.lowerBound) * width
        slots += [slot, slot + 2 * operandStride]
      }
    }
    for pixel in 0..<pixels {
      for channel in 0..<channels {
        let (operand, place) = (channel / half, channel % half)
        operands.start[
          slots[pixel] + operand * operandStride + place / width * segmentStride + place % width] =
          rows[pixel * channels + channel]
      }
    }
    CountedKernels.combine(
      StrassenRows(
        operands: operands.start, operandStride: operandStride, slots: kept(slots), pairs: 0..<pairs,
        segments: half / width, segmentStride: segmentStride))
    let columns = PackedColumns(.float32, weights, bias: bias)
    let pixelStride = columns.panelCount * panelWidth
    let output = GuardedFloats(count: pixels * pixelStride)
    let added = GuardedFloats(
      (0..<pixels * pixelStride).map { index in
        let (pixel, column) = index.quotientAndRemainder(dividingBy: pixelStride)
        return column < bias.count ? residual[pixel * bias.count + column] : 0
      })
    let even = (0..<pairs).map { 2 * $0 * pixelStride }
    let odd = (0..<pixels / 2).map { (2 * $0 + 1) * pixelStride }
    let last = bias.count - (columns.panelCount - 1) * panelWidth
    let zeros = GuardedFloats([Float](repeating: 0, count: panelWidth))
    let factors = GuardedFloats(count: 4 * half * panelWidth)
    let sums = GuardedFloats(count: 3 * tileRows * panelWidth)
    CountedKernels.multiply(
      StrassenProduct(
        even: Product(
          rowPanel: operands.start, rowPanelStride: 0, rowCount: pairs, tiles: 0..<tiles,
          segmentStride: segmentStride, tileStride: tileStride, columnPanels: columns.panels.start, depth: channels,
          panels: 0..<0, narrowPanel: last <= 3 * panelWidth / 4 ? columns.panelCount - 1 : nil,
          bias: columns.bias.start, output: output.start, outputOffsets: kept(even), residual: added.start,
          residualOffsets: kept(even), activation: activation),
        operandStride: operandStride, oddOffsets: kept(odd), oddResidualOffsets: kept(odd), oddCount: pixels / 2,
        panelCount: columns.panelCount, units: 0..<(columns.panelCount + 1) / 2, zeros: zeros.start,
        factors: factors.start, sums: sums.start))
    return (0..<pixels).flatMap { pixel in
      Array(output.values[pixel * pixelStride..<pixel * pixelStride + bias.count])
    }
  }
}
