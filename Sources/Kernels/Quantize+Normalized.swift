/// What rows of `QuantizeRun` go through before they become integers: a factor and a term for each channel, as in a batch
/// normalization, and a lower limit, as of a ReLU. The largest magnitudes are found on the way.
public struct RowNormalization {
  /// `[vector][2][vectorWidth]`: the terms, then the factors, for a whole number of `panelWidth` channels.
  public var weights: UnsafePointer<Float>
  public var minimum: Float
  /// Room for `mostRows` rows of floats, at least 4, and for as much behind them as `QuantizeRun.lines` may be read.
  public var lines: UnsafeMutablePointer<Float>
  public var lineStride: Int
  public var mostRows: Int

  public init(
    weights: UnsafePointer<Float>, minimum: Float, lines: UnsafeMutablePointer<Float>, lineStride: Int, mostRows: Int
  ) {
    self.weights = weights
    self.minimum = minimum
    self.lines = lines
    self.lineStride = lineStride
    self.mostRows = mostRows
  }
}

extension VectorUnit {
  @inlinable @inline(__always)
  static func quantizeNormalized(_ run: QuantizeRun, _ normalization: RowNormalization) {
    if run.arithmetic == .int16 {
      quantizeNormalized(run, normalization, lanes: 2, shift: 0)
    } else {
      quantizeNormalized(run, normalization, lanes: channelsPerByteWord, shift: rowShift)
    }
  }

  @inlinable @inline(__always)
  static func quantizeNormalized(_ run: QuantizeRun, _ normalization: RowNormalization, lanes: Int, shift: Int32) {
    let most = min(normalization.mostRows, max(4, 4096 / run.channels))
    quantize(
      run, .float32, most: most, lineStride: normalization.lineStride, lanes: lanes, shift: shift
    ) { rows, tops in
      let quads = rows.count / 4
      for quad in 0..<quads {
        normalize(InlineArray<4, Vector>.self, run, normalization, rows.lowerBound, row: 4 &* quad, tops)
      }
      for row in 4 &* quads..<rows.count {
        normalize(InlineArray<1, Vector>.self, run, normalization, rows.lowerBound, row: row, tops)
      }
      return UnsafePointer(normalization.lines)
    }
  }

  /// Normalizes some rows, and finds their largest magnitudes: a factor and a term are loaded once for all of them.
  ///
  /// - Parameters:
  ///   - first: The row of the run that becomes the first line.
  ///   - row: The first of these rows, from there on.
  @inlinable @inline(never)
  static func normalize<let rows: Int>(
    _ shape: InlineArray<rows, Vector>.Type, _ run: borrowing QuantizeRun, _ normalization: borrowing RowNormalization,
    _ first: Int, row: Int, _ tops: UnsafeMutablePointer<Float>
  ) {
    switch run.element {
    case .float32: normalize(shape, run, normalization, first, row: row, tops, .float32)
    case .bfloat16: normalize(shape, run, normalization, first, row: row, tops, .bfloat16)
    }
  }

  @inlinable @inline(__always)
  static func normalize<let rows: Int>(
    _: InlineArray<rows, Vector>.Type, _ run: borrowing QuantizeRun, _ normalization: borrowing RowNormalization,
    _ first: Int, row: Int, _ tops: UnsafeMutablePointer<Float>, _ element: MapElementType
  ) {
    let input = run.lines + (first &+ row) &* run.lineStride
    let output = normalization.lines + row &* normalization.lineStride
    let floor = Vector(repeating: normalization.minimum)
    var largest = InlineArray<rows, Integers>(repeating: .zero)
    for channel in stride(from: 0, to: run.channels, by: panelWidth) {
      for half in 0..<2 {
        let first = channel &+ half &* vectorWidth
        let weights = normalization.weights + 2 &* first
        let (term, factor) = (load(weights), load(weights + vectorWidth))
        let part = element == .float32 ? WordPart.whole : half == 0 ? .low : .high
        let offset = element == .float32 ? first : channel / 2
        for row in 0..<rows {
          var value = term
          multiplyAdd(&value, load(part, input + (row &* run.lineStride &+ offset)), factor)
          value = maximum(floor, value)
          store(value, output + (row &* normalization.lineStride &+ first))
          let magnitude = unsafeBitCast(value, to: Integers.self) & Integers(repeating: 0x7fff_ffff)
          largest[row] = maximum(largest[row], magnitude)
        }
      }
    }
    for index in 0..<rows {
      tops[row &+ index] = Float(bitPattern: UInt32(bitPattern: Self.largest(largest[index])))
    }
  }
}
