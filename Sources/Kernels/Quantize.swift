/// Rows of floats that become a row panel of integers of -127 to 127, with a scale for each row.
///
/// The largest magnitude of a row becomes 127, and the scale is a 127th of it; quotients are rounded to the nearest
/// integer, ties to even. A row whose magnitudes are all below 2^-119, where the scale would not be a normal number,
/// becomes zeros with a scale of 0. The scale of a row with a NaN or an infinity is NaN, which makes everything that is
/// computed from the row NaN; its integers may be anything.
///
/// Instruction sets whose products take the bytes of rows as unsigned add `rowShift` to each integer.
///
/// A row of `channels` values is divided into segments of `channelsPerByteWord * vectorWidth` channels: lane l of word
/// j holds channel `l * vectorWidth + j` of its segment. If r channels are left for the last segment, it has w words,
/// where w is r / `channelsPerByteWord` rounded up, and lane l of word j holds channel `l * w + j`. Lanes beyond the
/// channels may hold anything: their weights are zero.
///
/// Rows may be packed words, as in a map, for whole column panels of channels only.
public struct QuantizeRun {
  /// `[row][lineStride]`; up to `channelsPerByteWord * vectorWidth` floats behind the end of a row must be readable,
  /// whatever they are.
  public var lines: UnsafePointer<Float>
  public var lineStride: Int
  public var rows: Int
  public var channels: Int
  public var rowPanel: UnsafeMutablePointer<Float>
  /// Where each row is in the panel, and how far apart its segments are.
  public var slots: UnsafePointer<Int>
  public var segmentStride: Int
  /// Where each row's scale goes, relative to the panel: `scaleSlots[row]`.
  public var scaleSlots: UnsafePointer<Int>
  /// `int8`, or `int16`: two integers in each word whatever `channelsPerByteWord` is, never shifted.
  public var arithmetic: Arithmetic
  /// The element type of the lines.
  public var element: MapElementType
  /// What the largest magnitude becomes. With a limit above 127, rows below 2^-111 become zeros.
  public var limit: Float
  /// What is done to the values first, or nil.
  public var normalization: RowNormalization?

  public init(
    lines: UnsafePointer<Float>, lineStride: Int, rows: Int, channels: Int, rowPanel: UnsafeMutablePointer<Float>,
    slots: UnsafePointer<Int>, segmentStride: Int, scaleSlots: UnsafePointer<Int>, arithmetic: Arithmetic = .int8,
    limit: Float = 127, element: MapElementType = .float32, normalization: RowNormalization? = nil
  ) {
    self.normalization = normalization
    self.element = element
    self.arithmetic = arithmetic
    self.limit = limit
    self.lines = lines
    self.lineStride = lineStride
    self.rows = rows
    self.channels = channels
    self.rowPanel = rowPanel
    self.slots = slots
    self.segmentStride = segmentStride
    self.scaleSlots = scaleSlots
  }
}

extension VectorUnit {
  @inlinable @inline(never)
  public static func quantize(_ run: QuantizeRun) {
    if let normalization = run.normalization { return quantizeNormalized(run, normalization) }
    switch (run.arithmetic, run.element) {
    case (.int16, .float32): quantize(run, .float32, lanes: 2, shift: 0)
    case (.int16, .bfloat16): quantize(run, .bfloat16, lanes: 2, shift: 0)
    case (_, .float32): quantize(run, .float32, lanes: channelsPerByteWord, shift: rowShift)
    case (_, .bfloat16): quantize(run, .bfloat16, lanes: channelsPerByteWord, shift: rowShift)
    }
  }

  @inlinable @inline(__always)
  static func quantize(_ run: QuantizeRun, _ element: MapElementType, lanes: Int, shift: Int32) {
    // 8 rows of 512 floats, for example.
    let most = max(8, 4096 / run.channels)
    quantize(run, element, most: most, lineStride: run.lineStride, lanes: lanes, shift: shift) { rows, tops in
      let lines = run.lines + rows.lowerBound &* run.lineStride
      for row in 0..<rows.count {
        let line = lines + row &* run.lineStride
        let bits =
          element == .float32 ? largestMagnitude(line, run.channels) : largestPackedMagnitude(line, run.channels)
        tops[row] = Float(bitPattern: UInt32(bitPattern: bits))
      }
      return lines
    }
  }

  /// A few rows at a time, which stay in the first-level cache: first their largest magnitudes, then their scales, then
  /// their integers. Row by row, the latency of one magnitude, its quotients and their use would not be hidden: with
  /// 728 channels that takes 37 % more time.
  ///
  /// - Parameter prepare: Finds the largest magnitudes of some rows, and returns where their lines begin.
  @inlinable @inline(__always)
  static func quantize(
    _ run: QuantizeRun, _ element: MapElementType, most: Int, lineStride: Int, lanes: Int, shift: Int32,
    _ prepare: (_ rows: Range<Int>, _ tops: UnsafeMutablePointer<Float>) -> UnsafePointer<Float>
  ) {
    let room = 64
    let most = min(room, most)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 &* room) { factors in
      let (ups, downs) = (factors.baseAddress!, factors.baseAddress! + room)
      for first in stride(from: 0, to: run.rows, by: most) {
        let count = min(most, run.rows &- first)
        let lines = prepare(Range(uncheckedBounds: (first, first &+ count)), ups)
        for row in count..<(count &+ vectorWidth &- 1) / vectorWidth &* vectorWidth { ups[row] = 0 }
        for row in stride(from: 0, to: count, by: vectorWidth) {
          let (up, down) = Self.factors(of: load(ups + row), limit: run.limit)
          store(up, ups + row)
          store(down, downs + row)
        }
        for row in 0..<count { run.rowPanel[run.scaleSlots[first &+ row]] = downs[row] }
        for row in 0..<count {
          quantize(
            lines + row &* lineStride, channels: run.channels, element, factor: Vector(repeating: ups[row]),
            run.rowPanel + run.slots[first &+ row], segmentStride: run.segmentStride, lanes: lanes, shift: shift)
        }
      }
    }
  }

  /// The factors for rows or columns with these largest magnitudes, and their scales: those that are all but zero
  /// become zeros, and those with an infinity or a NaN have a scale of NaN.
  ///
  /// Magnitudes are compared by the signs of differences of their bits: in generic code a comparison of vectors goes
  /// lane by lane, and took a tenth of the time of a convolution by Winograd's transforms.
  @inlinable @inline(__always)
  static func factors(of tops: Vector, limit: Float) -> (up: Vector, down: Vector) {
    let bits = unsafeBitCast(tops, to: Integers.self)
    let least = Int32(bitPattern: (limit > 127 ? Float(0x1p-111) : Float(0x1p-119)).bitPattern)
    let greatest = Int32(bitPattern: Float.greatestFiniteMagnitude.bitPattern)
    let sign = Integers(repeating: 31)
    let isTiny = (bits &- Integers(repeating: least)) &>> sign
    let isNotFinite = (Integers(repeating: greatest) &- bits) &>> sign
    let up = unsafeBitCast(Vector(repeating: limit) / tops, to: Integers.self) & ~(isTiny | isNotFinite)
    let down = unsafeBitCast(tops / Vector(repeating: limit), to: Integers.self) & ~(isTiny | isNotFinite)
    let nan = Integers(repeating: Int32(bitPattern: Float.nan.bitPattern))
    return (unsafeBitCast(up, to: Vector.self), unsafeBitCast(down | (nan & isNotFinite), to: Vector.self))
  }

  /// The bits of the largest magnitude: magnitudes compare the same way as integers and as floats, and infinities and
  /// NaNs are the largest.
  @inlinable @inline(__always)
  static func largestMagnitude(_ line: UnsafePointer<Float>, _ channels: Int) -> Int32 {
    var largest: Int32 = 0
    guard channels >= vectorWidth else {
      for channel in 0..<channels {
        largest = max(largest, Int32(truncatingIfNeeded: line[channel].bitPattern & 0x7fff_ffff))
      }
      return largest
    }
    @inline(__always)
    func magnitudes(_ channel: Int) -> Integers {
      unsafeBitCast(load(line + channel), to: Integers.self) & Integers(repeating: 0x7fff_ffff)
    }
    // The last vector overlaps the previous one where the channels are not a whole number of vectors.
    var tops = InlineArray<4, Integers>(repeating: magnitudes(channels &- vectorWidth))
    var channel = 0
    while channel &+ 4 &* vectorWidth <= channels {
      for index in 0..<4 { tops[index] = maximum(tops[index], magnitudes(channel &+ index &* vectorWidth)) }
      channel &+= 4 &* vectorWidth
    }
    while channel &+ vectorWidth <= channels {
      tops[0] = maximum(tops[0], magnitudes(channel))
      channel &+= vectorWidth
    }
    return Self.largest(maximum(maximum(tops[0], tops[1]), maximum(tops[2], tops[3])))
  }

  /// The same for packed channels, a whole number of `panelWidth`: without their signs, bf16 values compare as integers
  /// of 16 bits.
  @inlinable @inline(__always)
  static func largestPackedMagnitude(_ line: UnsafePointer<Float>, _ channels: Int) -> Int32 {
    var tops = Integers.zero
    for offset in stride(from: 0, to: channels / 2, by: vectorWidth) {
      let words = unsafeBitCast(load(line + offset), to: Integers.self)
      tops = maximumShorts(tops, words & Integers(repeating: 0x7fff_7fff))
    }
    return largest(maximum(tops & Integers(repeating: 0x7fff_0000), tops &<< Integers(repeating: 16)))
  }

  @inlinable @inline(__always)
  static func quantize(
    _ line: UnsafePointer<Float>, channels: Int, _ element: MapElementType, factor: Vector,
    _ output: UnsafeMutablePointer<Float>, segmentStride: Int, lanes: Int, shift: Int32
  ) {
    var line = line
    var output = output
    let group = lanes &* vectorWidth
    for _ in 0..<channels / group {
      if element == .float32 {
        store(integers(factor, lanes: lanes, shift: shift) { load(line + $0 &* vectorWidth) }, output)
        line += group
      } else {
        store(
          integers(factor, lanes: lanes, shift: shift) { lane in
            load(lane % 2 == 0 ? .low : .high, line + lane / 2 &* vectorWidth)
          }, output)
        line += group / 2
      }
      output += segmentStride
    }
    let left = channels % group
    guard left > 0 else { return }
    let words = (left &+ lanes &- 1) / lanes
    if element == .float32 {
      store(integers(factor, lanes: lanes, shift: shift) { load(line + $0 &* words) }, output)
      return
    }
    if left == panelWidth, lanes == 4 {
      let words = integers(of: load(.low, line), load(.high, line), factor: factor, shift: shift)
      UnsafeMutableRawPointer(output).storeBytes(of: words, as: HalfIntegers.self)
      return
    }
    var floats = InlineArray<5, Vector>(repeating: .zero)
    (floats[0], floats[1]) = (load(.low, line), load(.high, line))
    if left > panelWidth {
      (floats[2], floats[3]) = (load(.low, line + vectorWidth), load(.high, line + vectorWidth))
    }
    withUnsafePointer(to: floats) { floats in
      let line = UnsafeRawPointer(floats).assumingMemoryBound(to: Float.self)
      store(integers(factor, lanes: lanes, shift: shift) { load(line + $0 &* words) }, output)
    }
  }

  /// Two vectors as half a vector of words of four rounded products. Through memory they would be read across both, for which
  /// processors wait until both are written: a hundredth of MobileNetV2's time.
  @inlinable @inline(__always)
  static func integers(of low: Vector, _ high: Vector, factor: Vector, shift: Int32) -> HalfIntegers {
    let pairs = unsafeBitCast(
      integers(factor, lanes: 2, shift: shift) { $0 == 0 ? low : high }, to: Integers.self)
    let halves = unsafeBitCast(
      pairs & Integers(repeating: 0xff_00ff), to: (HalfIntegers, HalfIntegers).self)
    return halves.0 | (halves.1 &<< HalfIntegers(repeating: 8))
  }

  /// A vector of words, each of `lanes` rounded products.
  @inlinable @inline(__always)
  static func integers(
    _ factor: Vector, lanes: Int, shift: Int32, _ values: (_ lane: Int) -> Vector
  ) -> Vector {
    // Adding 1.5 * 2^23 rounds to an integer, which the low bits of the sum then hold.
    let magic = Vector(repeating: 0x1.8p+23 + Float(shift))
    @inline(__always)
    func lane(_ index: Int) -> Integers {
      var sum = magic
      multiplyAdd(&sum, values(index), factor)
      return unsafeBitCast(sum, to: Integers.self)
    }
    @inline(__always)
    func joined(_ low: Integers, _ high: Integers, _ mask: Int32) -> Integers {
      (low & Integers(repeating: mask)) | (high & Integers(repeating: ~mask))
    }
    if lanes == 2 {
      return unsafeBitCast(joined(lane(0), lane(1) &<< Integers(repeating: 16), 0xffff), to: Vector.self)
    }
    let lows = joined(lane(0), lane(1) &<< Integers(repeating: 8), 0xff)
    let highs = joined(lane(2) &<< Integers(repeating: 16), lane(3) &<< Integers(repeating: 24), 0xff_ffff)
    return unsafeBitCast(joined(lows, highs, 0xffff), to: Vector.self)
  }
}
