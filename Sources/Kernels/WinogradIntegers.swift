/// A window of Winograd's F(4x4,3x3) transformed to integers of 16 bits, a row for each of its 36 points.
///
/// All points of a window share one scale, which is known before it is transformed: a value of a point is at most the window's
/// largest magnitude times `WinogradPoints.growth` of its row and of its column, and that product becomes `limit`. So rows are
/// made in registers; with a scale for each point, their floats went to memory first, to find the largest.
///
/// Rows are laid out as `QuantizeRun` has them. A window whose magnitudes are all below 2^-111 becomes zeros with a scale
/// of 0; one with a NaN or an infinity has a scale of NaN.
public struct WinogradIntegers {
  /// Six input rows at the left column of the window.
  public var inputs: UnsafePointer<UnsafePointer<Float>>
  public var pixelStride: Int
  public var channels: Int
  public var element: MapElementType
  /// The window's row of the first point, how far apart points are, and the segments of a row.
  public var output: UnsafeMutablePointer<Float>
  public var pointStride: Int
  public var segmentStride: Int
  /// Where the scale goes.
  public var scale: UnsafeMutablePointer<Float>

  public init(
    inputs: UnsafePointer<UnsafePointer<Float>>, pixelStride: Int, channels: Int, element: MapElementType,
    output: UnsafeMutablePointer<Float>, pointStride: Int, segmentStride: Int, scale: UnsafeMutablePointer<Float>
  ) {
    self.inputs = inputs
    self.pixelStride = pixelStride
    self.channels = channels
    self.element = element
    self.output = output
    self.pointStride = pointStride
    self.segmentStride = segmentStride
    self.scale = scale
  }
}

/// What makes values of sums of such integers: `[point][panelWidth]` factors for the columns of a panel, and one for each window.
public struct WinogradScales {
  public var columns: UnsafePointer<Float>
  public var windows: UnsafePointer<Float>

  public init(columns: UnsafePointer<Float>, windows: UnsafePointer<Float>) {
    self.columns = columns
    self.windows = windows
  }
}

extension KernelSet {
  /// The largest integers of a window's rows; those of the weights are as large as sums in 32 bits allow.
  ///
  /// Six times what both sides could have for sums of the largest products: values are some 40 times smaller than what they could
  /// be, weights four times, and both are rounded alike then.
  @inlinable
  public static func winogradLimit(channels: Int) -> Int32 { min(32_767, 6 &* shortLimit(channels: channels)) }
}

extension WinogradPoints {
  /// The sum of the magnitudes of the input transform's factors for a row or a column of points: as many times its largest
  /// input a value of it may be.
  @inlinable
  static func growth(_ point: Int) -> Float {
    switch point {
    case 0, 5: (1 + innerSquare) * (1 + outerSquare)
    case 1, 2: (1 + inner) * (1 + outerSquare)
    default: (1 + innerSquare) * (1 + outer)
    }
  }
}

extension VectorUnit {
  @inlinable @inline(never)
  public static func transformInput(_ window: WinogradIntegers) {
    let (up, down) = factors(
      of: Vector(repeating: Float(bitPattern: UInt32(bitPattern: largestMagnitude(window)))),
      limit: Float(winogradLimit(channels: window.channels)))
    window.scale.pointee = down[0]
    var output = window.output
    for first in stride(from: 0, to: window.channels &- panelWidth &+ 1, by: panelWidth) {
      transformGroup(window, first, up, output, window.pointStride)
      output += window.segmentStride
    }
    if window.channels % panelWidth > 0 { transformRest(window, up, output) }
  }

  /// The bits of the largest magnitude in a window, channels that pad a pixel among them: they are zeros, but where an activation made
  /// something else of those.
  @inlinable @inline(__always)
  static func largestMagnitude(_ window: WinogradIntegers) -> Int32 {
    let panels = (window.channels &+ panelWidth &- 1) / panelWidth
    var tops = Integers.zero
    for y in 0..<6 {
      for x in 0..<6 {
        let pixel = window.inputs[y] + x &* window.pixelStride
        switch window.element {
        case .float32:
          for offset in stride(from: 0, to: panels &* panelWidth, by: vectorWidth) {
            let bits = unsafeBitCast(load(pixel + offset), to: Integers.self)
            tops = maximum(tops, bits & Integers(repeating: 0x7fff_ffff))
          }
        case .bfloat16:
          for offset in stride(from: 0, to: panels &* vectorWidth, by: vectorWidth) {
            let words = unsafeBitCast(load(pixel + offset), to: Integers.self)
            tops = maximumShorts(tops, words & Integers(repeating: 0x7fff_7fff))
          }
        }
      }
    }
    guard window.element == .bfloat16 else { return largest(tops) }
    return largest(maximum(tops & Integers(repeating: 0x7fff_0000), tops &<< Integers(repeating: 16)))
  }

  /// The integers of `panelWidth` channels, those of the second vector in the high halves of words.
  @inlinable @inline(__always)
  static func transformGroup(
    _ window: WinogradIntegers, _ first: Int, _ up: Vector, _ output: UnsafeMutablePointer<Float>, _ pointStride: Int
  ) {
    switch window.element {
    case .float32:
      transformLow(window, first, .whole, up, output, pointStride)
      transformHigh(window, first &+ vectorWidth, .whole, up, output, pointStride)
    case .bfloat16:
      transformLow(window, first / 2, .low, up, output, pointStride)
      transformHigh(window, first / 2, .high, up, output, pointStride)
    }
  }

  @inlinable @inline(never)
  static func transformLow(
    _ window: borrowing WinogradIntegers, _ offset: Int, _ part: WordPart, _ up: Vector,
    _ output: UnsafeMutablePointer<Float>, _ pointStride: Int
  ) {
    @inline(__always)
    func store(_ integers: Integers, _ address: UnsafeMutablePointer<Float>) {
      self.store(unsafeBitCast(integers, to: Vector.self), address)
    }
    switch part {
    case .whole: transform(window, offset, .whole, up, output, pointStride, store)
    case .low: transform(window, offset, .low, up, output, pointStride, store)
    case .high: transform(window, offset, .high, up, output, pointStride, store)
    }
  }

  @inlinable @inline(never)
  static func transformHigh(
    _ window: borrowing WinogradIntegers, _ offset: Int, _ part: WordPart, _ up: Vector,
    _ output: UnsafeMutablePointer<Float>, _ pointStride: Int
  ) {
    @inline(__always)
    func join(_ integers: Integers, _ address: UnsafeMutablePointer<Float>) {
      store(joined(unsafeBitCast(load(address), to: Integers.self), integers), address)
    }
    if part == .whole {
      transform(window, offset, .whole, up, output, pointStride, join)
    } else {
      transform(window, offset, .high, up, output, pointStride, join)
    }
  }

  /// Words of the low halves of two vectors of integers.
  @inlinable @inline(__always)
  static func joined(_ low: Integers, _ high: Integers) -> Vector {
    unsafeBitCast(
      (low & Integers(repeating: 0xffff)) | (high &<< Integers(repeating: 16)), to: Vector.self)
  }

  /// One vector of channels: `store` takes the integers of each point, in the low halves, and where they go.
  @inlinable @inline(__always)
  static func transform(
    _ window: borrowing WinogradIntegers, _ offset: Int, _ part: WordPart, _ up: Vector,
    _ output: UnsafeMutablePointer<Float>, _ pointStride: Int,
    _ store: (_ integers: Integers, _ address: UnsafeMutablePointer<Float>) -> Void
  ) {
    var rows = InlineArray<6, InlineArray<6, Vector>>(repeating: InlineArray(repeating: .zero))
    for y in 0..<6 {
      var line = InlineArray<6, Vector>(repeating: .zero)
      let input = window.inputs[y] + offset
      for x in 0..<6 { line[x] = load(part, input + x &* window.pixelStride) }
      rows[y] = inputTransform(line)
    }
    for x in 0..<6 {
      var line = InlineArray<6, Vector>(repeating: .zero)
      for y in 0..<6 { line[y] = rows[y][x] }
      line = inputTransform(line)
      let column = output + x &* pointStride
      for y in 0..<6 {
        let factor = up * (1 / (WinogradPoints.growth(x) * WinogradPoints.growth(y)))
        store(integers(line[y], factor), column + 6 &* y &* pointStride)
      }
    }
  }

  /// The channels behind the last whole group, by way of memory: lane l of word j of w holds channel l * w + j.
  @inlinable @inline(never)
  static func transformRest(_ window: WinogradIntegers, _ up: Vector, _ output: UnsafeMutablePointer<Float>) {
    let left = window.channels % panelWidth
    let first = window.channels &- left
    let words = (left &+ 1) / 2
    // The widest panel of all instruction sets has 32 channels.
    var memory = InlineArray<1152, Float>(repeating: 0)
    withUnsafeMutablePointer(to: &memory) { memory in
      let memory = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Float.self)
      if window.element == .bfloat16 {
        transformLow(window, first / 2, .low, up, memory, panelWidth)
        if left > vectorWidth { transformLow(window, first / 2, .high, up, memory + vectorWidth, panelWidth) }
      } else {
        transformLow(window, first, .whole, up, memory, panelWidth)
        if left > vectorWidth {
          transformLow(window, first &+ vectorWidth, .whole, up, memory + vectorWidth, panelWidth)
        }
      }
      for point in 0..<36 {
        let integers = memory + point &* panelWidth
        let low = unsafeBitCast(load(integers), to: Integers.self)
        let high = unsafeBitCast(load(integers + words), to: Integers.self)
        store(joined(low, high), output + point &* window.pointStride)
      }
    }
  }
}
