/// Weights packed into column panels of `int16`.
public struct ShortPacking {
  /// A matrix, `[channels][columns]`.
  public var values: UnsafePointer<Float>
  public var channels: Int
  public var columns: Int
  /// A factor for each column, padded to `panelWidth`.
  public var scale: UnsafePointer<Float>
  /// `[panel][words][panelWidth]`; see `KernelSet.words`. The integers are at most `KernelSet.shortLimit`.
  public var panels: UnsafeMutablePointer<Float>
  /// A scale for each column, `[panel][panelWidth]`.
  public var columnScales: UnsafeMutablePointer<Float>

  public init(
    values: UnsafePointer<Float>, channels: Int, columns: Int, scale: UnsafePointer<Float>,
    panels: UnsafeMutablePointer<Float>, columnScales: UnsafeMutablePointer<Float>
  ) {
    self.values = values
    self.channels = channels
    self.columns = columns
    self.scale = scale
    self.panels = panels
    self.columnScales = columnScales
  }
}

extension VectorUnit {
  @inlinable @inline(__always)
  public static func pack(_ run: ShortPacking) { packMatrix(run) }

  /// A function of its own: C functions are not inlined directly into the witness of a protocol requirement.
  @inlinable @inline(never)
  static func packMatrix(_ run: ShortPacking) {
    let panelWords = words(of: run.channels, .int16) &* panelWidth
    let limit = Float(shortLimit(channels: run.channels))
    withUnsafeTemporaryAllocation(of: Float.self, capacity: run.channels &* panelWidth) { floats in
      let floats = floats.baseAddress!
      for panel in 0..<(run.columns &+ panelWidth &- 1) / panelWidth {
        let left = panel &* panelWidth
        let count = min(panelWidth, run.columns &- left)
        for channel in 0..<run.channels {
          let row = run.values + (channel &* run.columns &+ left)
          let output = floats + channel &* panelWidth
          for column in 0..<count { output[column] = row[column] * run.scale[left &+ column] }
          for column in count..<panelWidth { output[column] = 0 }
        }
        packShorts(
          floats, channels: run.channels, limit: limit, run.panels + panel &* panelWords,
          scales: run.columnScales + left
        ) { largestMagnitudes(floats + $0, run.channels) }
      }
    }
  }

  /// The largest magnitudes of a vector of columns, `[channels][panelWidth]`.
  @inlinable @inline(__always)
  static func largestMagnitudes(_ values: UnsafePointer<Float>, _ channels: Int) -> Vector {
    var tops = Integers.zero
    for channel in 0..<channels {
      let bits = unsafeBitCast(load(values + channel &* panelWidth), to: Integers.self)
      tops = maximum(tops, bits & Integers(repeating: 0x7fff_ffff))
    }
    return unsafeBitCast(tops, to: Vector.self)
  }

  /// The columns `[channels][panelWidth]` as integers, two channels a word as `QuantizeRun` has them, with a scale for each.
  ///
  /// - Parameters:
  ///   - limit: What the size of a column becomes.
  ///   - growth: By which the scales are multiplied.
  ///   - size: Of each column of a vector, that begins at an offset.
  @inlinable @inline(__always)
  static func packShorts(
    _ values: UnsafePointer<Float>, channels: Int, limit: Float, _ output: UnsafeMutablePointer<Float>,
    scales: UnsafeMutablePointer<Float>, growth: Float = 1, size: (_ offset: Int) -> Vector
  ) {
    var output = output
    var ups = InlineArray<2, Vector>(repeating: .zero)
    for half in 0..<2 {
      let (up, down) = factors(of: size(half &* vectorWidth), limit: limit)
      ups[half] = up
      store(down * growth, scales + half &* vectorWidth)
    }
    for start in stride(from: 0, to: channels, by: panelWidth) {
      let apart = min(vectorWidth, (channels &- start &+ 1) / 2)
      for word in 0..<apart {
        // With an odd number of channels, the last word holds one.
        let hasPartner = start &+ word &+ apart < channels
        for half in 0..<2 {
          let row = values + ((start &+ word) &* panelWidth &+ half &* vectorWidth)
          let low = integers(load(row), ups[half])
          let high = hasPartner ? integers(load(row + apart &* panelWidth), ups[half]) : .zero
          let both = (low & Integers(repeating: 0xffff)) | (high &<< Integers(repeating: 16))
          store(unsafeBitCast(both, to: Vector.self), output + half &* vectorWidth)
        }
        output += panelWidth
      }
    }
  }

  /// Products rounded to integers, in the low bits.
  @inlinable @inline(__always)
  static func integers(_ values: Vector, _ factor: Vector) -> Integers {
    var sum = Vector(repeating: 0x1.8p+23)
    multiplyAdd(&sum, values, factor)
    return unsafeBitCast(sum, to: Integers.self)
  }
}
