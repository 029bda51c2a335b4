import Kernels
import Runtime
import Testing

/// Quantized rows, against a loop over single values.
@Suite struct QuantizeTests {
  /// Whether a set's multiply-adds round once.
  private static func isFused(_ set: InstructionSet) -> Bool {
    #if arch(x86_64)
      set != .portable
    #else
      true
    #endif
  }

  private struct Quantized: Equatable {
    var integers: [Int32]
    var scale: UInt32
  }

  /// - Parameter limit: 127 for bytes, above it for integers of 16 bits.
  private static func expected(_ row: [Float], isFused: Bool, limit: Float = 127) -> Quantized {
    let top = row.map(\.magnitude.bitPattern).max()!
    let largest = Float(bitPattern: top)
    if !largest.isFinite { return Quantized(integers: [], scale: Float.nan.bitPattern) }
    if largest < (limit > 127 ? 0x1p-111 : 0x1p-119) {
      return Quantized(integers: row.map { _ in 0 }, scale: 0)
    }
    let factor = limit / largest
    let integers = row.map { value -> Int32 in
      let product = isFused ? Float(0x1.8p+23).addingProduct(value, factor) : 0x1.8p+23 + value * factor
      return Int32(product - 0x1.8p+23)
    }
    return Quantized(integers: integers, scale: (largest / limit).bitPattern)
  }

  /// - Parameters:
  ///   - packed: Whether the rows are packed words of their values, which bf16 has.
  ///   - normalization: The term and the factor of each channel, and the lower limit.
  private static func quantize(
    _ rows: [[Float]], _ kernels: any KernelSet.Type, limit: Float = 127, packed: Bool = false,
    normalization: (terms: [Float], factors: [Float], minimum: Float)? = nil
  ) throws -> [Quantized] {
    let channels = rows[0].count
    let width = kernels.vectorWidth
    let lanes = limit > 127 ? 2 : kernels.channelsPerByteWord
    let segments = (channels + lanes * width - 1) / (lanes * width)
    // Behind a row's end lies anything.
    let behind = [Float](repeating: .nan, count: packed || normalization != nil ? 0 : lanes * width)
    let values = packed ? try packedRows(rows, kernels) : rows.flatMap { $0 + behind }
    let lines = try GuardedFloats(values)
    let weights = try GuardedFloats(
      normalization == nil
        ? [0]
        : stride(from: 0, to: channels, by: width).flatMap { first in
          normalization!.terms[first..<first + width] + normalization!.factors[first..<first + width]
        })
    let room = try GuardedFloats(count: 5 * channels + lanes * width)
    let panel = try GuardedFloats(count: rows.count * (segments * width + 1))
    let slots = rows.indices.map { $0 * width }
    let scaleSlots = rows.indices.map { rows.count * segments * width + $0 }
    unsafe kernels.quantize(
      QuantizeRun(
        lines: lines.start, lineStride: values.count / rows.count, rows: rows.count, channels: channels,
        rowPanel: panel.start, slots: kept(slots), segmentStride: rows.count * width, scaleSlots: kept(scaleSlots),
        arithmetic: limit > 127 ? .int16 : .int8, limit: limit, element: packed ? .bfloat16 : .float32,
        normalization: normalization.map {
          unsafe RowNormalization(
            weights: weights.start, minimum: $0.minimum, lines: room.start, lineStride: channels, mostRows: 5)
        }))
    let words = panel.bits
    return rows.indices.map { row in
      let integers = (0..<channels).map { channel -> Int32 in
        let (segment, place) = channel.quotientAndRemainder(dividingBy: lanes * width)
        let left = min(channels - segment * lanes * width, lanes * width)
        let laneWords = left == lanes * width ? width : (left + lanes - 1) / lanes
        let word = words[slots[row] + segment * rows.count * width + place % laneWords]
        let bits = word >> UInt32(place / laneWords * 32 / lanes)
        if lanes == 2 { return Int32(Int16(truncatingIfNeeded: bits)) }
        return kernels.rowShift == 128
          ? Int32(UInt8(truncatingIfNeeded: bits)) - 128 : Int32(Int8(truncatingIfNeeded: bits))
      }
      let scale = Float(bitPattern: words[scaleSlots[row]])
      return Quantized(
        integers: scale.isNaN ? [] : integers, scale: scale.isNaN ? Float.nan.bitPattern : scale.bitPattern)
    }
  }

  @Test(arguments: InstructionSet.supported)
  func `Rows of every length are rounded as single values are`(set: InstructionSet) throws {
    let kernels = set.kernels
    var random = RandomValues(seed: 1)
    let group = kernels.channelsPerByteWord * kernels.vectorWidth
    for channels in Array(1...2 * group + 2) + [728, 1536] {
      let rows = (0..<random.count(1...8)).map { _ in
        random.floats(channels, in: -1...1).map { $0 * $0 * 300 * ($0 < 0 ? -1 : 1) }
      }
      let found = try Self.quantize(rows, kernels)
      #expect(found == rows.map { Self.expected($0, isFused: Self.isFused(set)) }, "\(set), \(channels) channels")
    }
  }

  @Test(arguments: InstructionSet.supported)
  func `The largest magnitude becomes 127 wherever it is, and halves become even`(set: InstructionSet) throws {
    let kernels = set.kernels
    for channels in [1, 2, 24, 33, 100] {
      for place in 0..<channels {
        for top: Float in [127, -127, 254, -0x1p-119, .greatestFiniteMagnitude] {
          var row = (0..<channels).map { top.magnitude / 127 * (Float($0 % 9) / 2 - 2) }
          row[place] = top
          let found = try Self.quantize([row], kernels)
          #expect(found == [Self.expected(row, isFused: Self.isFused(set))])
          #expect(found[0].integers[place] == (top < 0 ? -127 : 127))
        }
      }
    }
    let halves = try Self.quantize([[127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5]], kernels)
    #expect(halves[0].integers == [127, 0, 2, 2, 0, -2, -2, 126])
  }

  @Test(arguments: InstructionSet.supported, [181, 2047, 32_767] as [Float])
  func `Integers of 16 bits are rounded as single values are`(set: InstructionSet, limit: Float) throws {
    let kernels = set.kernels
    var random = RandomValues(seed: 2)
    for channels in Array(1...2 * kernels.panelWidth + 2) + [728] {
      var rows = (0..<9).map { _ in random.floats(channels, in: -1...1).map { $0 * $0 * 300 * ($0 < 0 ? -1 : 1) } }
      for (row, top) in [0, -0x1p-111, 0x1p-112, .infinity, .nan, .greatestFiniteMagnitude].enumerated() {
        rows[row] = rows[row].map { $0 * 0x1p-140 }
        rows[row][row % channels] = Float(top)
      }
      let found = try Self.quantize(rows, kernels, limit: limit)
      #expect(
        found == rows.map { Self.expected($0, isFused: Self.isFused(set), limit: limit) }, "\(channels) channels")
      #expect(found[1].integers[1 % channels] == -Int32(limit))
    }
  }

  private static func packedRows(_ rows: [[Float]], _ kernels: any KernelSet.Type) throws -> [Float] {
    try rows.flatMap { row in
      let words = try GuardedFloats(count: row.count / 2)
      unsafe kernels.pack(row, to: words.start, channels: row.count)
      return words.values
    }
  }

  /// Rows of bf16 values, some with a value that is not a usual number.
  private static func oddRows(_ channels: Int, count: Int) -> [[Float]] {
    var random = RandomValues(seed: 3)
    var rows = (0..<count).map { _ in random.floats(channels, in: -9...9).map(\.roundedToBFloat16) }
    for (row, value) in [0, -0x1p-120, .infinity, .nan, -.infinity, -.nan].enumerated() {
      rows[row] = rows[row].map { $0 * 0x1p-140 }
      rows[row][row * 7 % channels] = Float(value)
    }
    return rows
  }

  @Test(arguments: InstructionSet.supported, [127, 2047] as [Float])
  func `Packed rows become the integers of their floats`(set: InstructionSet, limit: Float) throws {
    for panels in [1, 2, 3, 5, 10, 80] {
      let rows = Self.oddRows(panels * set.kernels.panelWidth, count: 70)
      let found = try Self.quantize(rows, set.kernels, limit: limit, packed: true)
      #expect(found == rows.map { Self.expected($0, isFused: Self.isFused(set), limit: limit) }, "\(panels) panels")
    }
  }

  @Test(arguments: InstructionSet.supported, [0, -1, -.infinity] as [Float])
  func `Rows are normalized as single values are before they become integers`(
    set: InstructionSet, minimum: Float
  ) throws {
    let isFused = Self.isFused(set)
    for (panels, packed, limit) in [
      (1, false, 127), (1, true, 127), (3, false, 127), (3, true, 127), (40, true, 127), (1, true, 2047),
      (3, false, 1000),
    ] as [(Int, Bool, Float)] {
      let rows = Self.oddRows(panels * set.kernels.panelWidth, count: 23)
      var random = RandomValues(seed: panels)
      let terms = random.floats(rows[0].count, in: -1...1)
      let factors = random.floats(rows[0].count, in: -2...2)
      let found = try Self.quantize(
        rows, set.kernels, limit: limit, packed: packed,
        normalization: (terms: terms, factors: factors, minimum: minimum))
      let normalized = rows.map { row in
        row.indices.map { channel -> Float in
          let value =
            isFused
            ? terms[channel].addingProduct(row[channel], factors[channel])
            : terms[channel] + row[channel] * factors[channel]
          return value < minimum ? minimum : value
        }
      }
      let expected = normalized.map { Self.expected($0, isFused: isFused, limit: limit) }
      #expect(found == expected, "\(panels) panels, \(packed), \(limit)")
    }
  }

  @Test(arguments: InstructionSet.supported, [1, 16, 40, 130])
  func `Rows of zeros, of tiny and of infinite values`(set: InstructionSet, channels: Int) throws {
    let kernels = set.kernels
    let zeros = [Float](repeating: 0, count: channels)
    for place in [0, channels / 2, channels - 1] {
      func row(_ value: Float) -> [Float] {
        var row = zeros
        row[place] = value
        return row
      }
      let tiny: [Float] = [0, -0.0, .leastNonzeroMagnitude, -.leastNormalMagnitude, Float(0x1p-119).nextDown]
      let odd: [Float] = [.infinity, -.infinity, .nan, -.nan, Float(bitPattern: 0xff80_0001)]
      // A NaN beside an infinity, and rows that have neither beside those that do.
      let rows = (tiny + odd + [0x1p-119, 3]).map(row)
      let found = try Self.quantize(rows, kernels)
      #expect(found == rows.map { Self.expected($0, isFused: Self.isFused(set)) })
      for index in tiny.indices { #expect(found[index] == Quantized(integers: zeros.map { _ in 0 }, scale: 0)) }
      for index in odd.indices { #expect(Float(bitPattern: found[tiny.count + index].scale).isNaN) }
    }
  }
}
