import CountedKernels
import Kernels

/// Rows turned into integers, against a loop over single values.
enum QuantizingChecks {
  static func run() {
    var random = RandomValues(seed: 1)
    let group = CountedKernels.channelsPerByteWord * CountedKernels.vectorWidth
    for limit: Float in [127, 181, 2047, 32_767] {
      for channels in Array(1...2 * group + 2) + [728] {
        expect((0..<random.count(1...9)).map { _ in uneven(channels, &random) }, limit)
        let odd: [Float] = [
          0, -0.0, 0x1p-120, -0x1p-119, -0x1p-111, 0x1p-112, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
          .infinity, -.infinity, .nan, -.nan, limit, -limit,
        ]
        expect(
          odd.enumerated().map { index, top in
            var row = uneven(channels, &random).map { $0 * 0x1p-140 }
            row[index % channels] = top
            return row
          }, limit)
      }
      let halves: [Float] = [limit, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, limit - 0.5]
      expect([halves], limit)
    }
    for channels in [group, 2 * group, 40 * group] {
      for limit: Float in [127, 2047] { expectPacked(channels, limit: limit, &random) }
    }
    for channels in Array(1...2 * group + 2) + [728] {
      expectBand(channels, isPositive: false, &random)
      expectBand(channels, isPositive: true, &random)
    }
  }

  private static func uneven(_ channels: Int, _ random: inout RandomValues) -> [Float] {
    random.floats(channels, in: -1...1).map { $0 * $0 * 300 * ($0 < 0 ? -1 : 1) }
  }

  private static func expect(_ rows: [[Float]], _ limit: Float) {
    let found = quantized(rows, limit)
    for (row, found) in zip(rows, found) {
      let isFinite = row.allSatisfy { $0.isFinite }
      let top = row.reduce(0) { max($0, $1.magnitude) }
      let isTiny = top < (limit > 127 ? 0x1p-111 : 0x1p-119)
      let scale = !isFinite ? Float.nan : isTiny ? 0 : top / limit
      Comparisons.expectEqual([found.scale], [scale], "scale of \(row.count) channels, limit \(limit)")
      guard isFinite else { continue }
      let factor = isTiny ? 0 : limit / top
      let integers = row.map { Float(0x1.8p+23).addingProduct($0, factor) - 0x1.8p+23 }
      Comparisons.expectEqual(found.integers, integers, "integers of \(row.count) channels, limit \(limit)")
    }
  }

  private static func quantized(_ rows: [[Float]], _ limit: Float) -> [(integers: [Float], scale: Float)] {
    let channels = rows[0].count
    let width = CountedKernels.vectorWidth
    let lanes = limit > 127 ? 2 : CountedKernels.channelsPerByteWord
    let segments = (channels + lanes * width - 1) / (lanes * width)
    // Behind a row's end lies anything.
    let behind = [Float](repeating: .nan, count: lanes * width)
    let lines = GuardedFloats(rows.flatMap { $0 + behind })
    let panel = GuardedFloats(count: rows.count * (segments * width + 1))
    let slots = rows.indices.map { $0 * width }
    let scaleSlots = rows.indices.map { rows.count * segments * width + $0 }
    CountedKernels.quantize(
      QuantizeRun(
        lines: lines.start, lineStride: channels + behind.count, rows: rows.count, channels: channels,
        rowPanel: panel.start, slots: kept(slots), segmentStride: rows.count * width, scaleSlots: kept(scaleSlots),
        arithmetic: limit > 127 ? .int16 : .int8, limit: limit))
    return rows.indices.map { row in
      let integers = (0..<channels).map { channel -> Float in
        let (segment, place) = channel.quotientAndRemainder(dividingBy: lanes * width)
        let left = min(channels - segment * lanes * width, lanes * width)
        let laneWords = left == lanes * width ? width : (left + lanes - 1) / lanes
        let word = panel.start[slots[row] + segment * rows.count * width + place % laneWords].bitPattern
        let bits = word >> UInt32(place / laneWords * 32 / lanes)
        return lanes == 2 ? Float(Int16(truncatingIfNeeded: bits)) : Float(Int8(truncatingIfNeeded: bits))
      }
      return (integers, panel.start[scaleSlots[row]])
    }
  }

  /// Bands become the integers of a row of all their values, in the order of the channels of each pixel.
  private static func expectBand(_ channels: Int, isPositive: Bool, _ random: inout RandomValues) {
    let width = CountedKernels.vectorWidth
    let padded = (channels + 2 * width - 1) / (2 * width) * 2 * width
    let (rows, pixels) = (2, 3)
    var values = PackedLayout.rounded(random.floats(rows * pixels * channels, in: -9...9))
    if isPositive { values = values.map { $0.magnitude } }
    // What pads a pixel does not count.
    let map = GuardedFloats(
      PackedLayout(width: width).words(
        (0..<rows * pixels).flatMap { pixel in
          Array(values[pixel * channels..<(pixel + 1) * channels])
            + [Float](repeating: .nan, count: padded - channels)
        }))
    let words = CountedKernels.byteWords(of: channels)
    let bytes = GuardedFloats([Float](repeating: 0, count: rows * pixels * words + width))
    let scale = CountedKernels.quantize(
      BandRun(
        inputs: kept((0..<rows).map { UnsafePointer(map.start) + $0 * pixels * padded / 2 }), rows: rows,
        pixels: pixels,
        pixelStride: padded / 2, channels: channels, bytes: bytes.start, isPositive: isPositive))
    let limit = isPositive ? CountedKernels.positiveLimit : 127
    let top = values.reduce(0) { max($0, $1.magnitude) }
    Comparisons.expectEqual([scale], [top / limit], "scale of a band of \(channels) channels")
    let lanes = CountedKernels.channelsPerByteWord
    let found = values.indices.map { index -> Float in
      let (pixel, channel) = index.quotientAndRemainder(dividingBy: channels)
      let (segment, place) = channel.quotientAndRemainder(dividingBy: lanes * width)
      let left = min(channels - segment * lanes * width, lanes * width)
      let laneWords = (left + lanes - 1) / lanes
      let word = bytes.start[pixel * words + segment * width + place % laneWords].bitPattern
      let bits = word >> UInt32(place / laneWords * 32 / lanes)
      return lanes == 2 ? Float(Int16(truncatingIfNeeded: bits)) : Float(Int8(truncatingIfNeeded: bits))
    }
    let factor = limit / top
    let expected = values.map { Float(0x1.8p+23).addingProduct($0, factor) - 0x1.8p+23 }
    Comparisons.expectEqual(found, expected, "integers of a band of \(channels) channels")
  }

  /// Packed rows become the integers of their floats.
  private static func expectPacked(_ channels: Int, limit: Float, _ random: inout RandomValues) {
    var rows = (0..<70).map { _ in PackedLayout.rounded(random.floats(channels, in: -9...9)) }
    for (row, value) in ([0, -0x1p-120, .infinity, .nan, -.infinity] as [Float]).enumerated() {
      rows[row] = rows[row].map { _ in 0 }
      rows[row][row * 7 % channels] = value
    }
    let arithmetic: Arithmetic = limit > 127 ? .int16 : .int8
    let words = CountedKernels.words(of: channels, arithmetic)
    let width = CountedKernels.vectorWidth
    func panel(_ lines: [Float], _ element: MapElementType) -> [Float] {
      let lines = GuardedFloats(lines)
      let panel = GuardedFloats([Float](repeating: 0, count: rows.count * (words + 1)))
      CountedKernels.quantize(
        QuantizeRun(
          lines: lines.start, lineStride: lines.count / rows.count, rows: rows.count, channels: channels,
          rowPanel: panel.start, slots: kept(rows.indices.map { $0 * width }), segmentStride: rows.count * width,
          scaleSlots: kept(rows.indices.map { rows.count * words + $0 }), arithmetic: arithmetic, limit: limit,
          element: element))
      return panel.values
    }
    let floats = rows.flatMap { $0 }
    let packed = panel(PackedLayout(width: width).words(floats), .bfloat16)
    for (found, expected) in zip(packed, panel(floats, .float32)) {
      Comparisons.expect(
        found.bitPattern == expected.bitPattern || found.isNaN && expected.isNaN,
        "packed rows of \(channels), limit \(limit)")
    }
  }
}
