/// The first half of Winograd's F(2,7) for convolutions of 1 x 7 and of 7 x 1: windows of eight pixels beside or below each
/// other, which two pixels of the output need, are transformed to as many points.
///
/// Four products for each pixel take the place of seven. F(4,7) would take two and a half, with 4.7 times the error of plain
/// sums instead of twice that, as F(4x4,3x3) has.
public struct WinogradLineInput {
  /// The eight pixels of the first window.
  public var inputs: UnsafePointer<UnsafePointer<Float>>
  /// From one window to the next.
  public var step: Int
  public var vectors: Int
  public var windows: Int
  /// Where the values go, as in `WinogradInput`.
  public var output: UnsafeMutablePointer<Float>
  public var pointStride: Int
  public var windowStride: Int
  public var vectorStride: Int

  public init(
    inputs: UnsafePointer<UnsafePointer<Float>>, step: Int, vectors: Int, windows: Int,
    output: UnsafeMutablePointer<Float>, pointStride: Int, windowStride: Int, vectorStride: Int
  ) {
    self.inputs = inputs
    self.step = step
    self.vectors = vectors
    self.windows = windows
    self.output = output
    self.pointStride = pointStride
    self.windowStride = windowStride
    self.vectorStride = vectorStride
  }
}

/// The second half: eight products, transformed back to two pixels, `activation(sums + bias + residual)`.
public struct WinogradLineOutput {
  /// `panelWidth` sums for each of the 8 points of each window, and how far apart points and windows are.
  public var sums: UnsafePointer<Float>
  public var pointStride: Int
  public var windowStride: Int
  /// `[panelWidth]`
  public var bias: UnsafePointer<Float>
  public var activation: OutputActivation
  /// The pixels of the first window's output that are inside the map, one or two, at the first channel of the panel.
  public var outputs: UnsafePointer<UnsafeMutablePointer<Float>>
  /// The pixels that are added, like the outputs, or nil.
  public var residuals: UnsafePointer<UnsafePointer<Float>>?
  public var pixels: Int
  /// From one window to the next.
  public var step: Int
  public var windows: Int

  public init(
    sums: UnsafePointer<Float>, pointStride: Int, windowStride: Int, bias: UnsafePointer<Float>,
    activation: Activation, outputs: UnsafePointer<UnsafeMutablePointer<Float>>,
    residuals: UnsafePointer<UnsafePointer<Float>>? = nil, pixels: Int, step: Int, windows: Int
  ) {
    self.sums = sums
    self.pointStride = pointStride
    self.windowStride = windowStride
    self.bias = bias
    self.activation = OutputActivation(activation)
    self.outputs = outputs
    self.residuals = residuals
    self.pixels = pixels
    self.step = step
    self.windows = windows
  }
}

/// The weights of a convolution of 1 x 7 or 7 x 1, transformed for Winograd's F(2,7).
public struct WinogradLinePacking {
  /// `[7][channels][columns]`
  public var values: UnsafePointer<Float>
  public var channels: Int
  public var columns: Int
  /// A factor for each column, padded to `panelWidth`.
  public var scale: UnsafePointer<Float>
  /// `[panel][8][channels][panelWidth]`
  public var panels: UnsafeMutablePointer<Float>

  public init(
    values: UnsafePointer<Float>, channels: Int, columns: Int, scale: UnsafePointer<Float>,
    panels: UnsafeMutablePointer<Float>
  ) {
    self.values = values
    self.channels = channels
    self.columns = columns
    self.scale = scale
    self.panels = panels
  }
}

/// The factors of a kernel's seven taps at one of the eight points 0, +-1/2, +-1, +-2 and infinity: the powers of the point,
/// divided by the product of its differences from the others.
@inlinable
func winogradLineTransform(_ point: Int) -> InlineArray<7, Float> {
  switch point {
  case 0: [-1, 0, 0, 0, 0, 0, 0]
  case 1: [32 / 45, 16 / 45, 8 / 45, 4 / 45, 2 / 45, 1 / 45, 0.5 / 45]
  case 2: [32 / 45, -16 / 45, 8 / 45, -4 / 45, 2 / 45, -1 / 45, 0.5 / 45]
  case 3: [-2 / 9, -2 / 9, -2 / 9, -2 / 9, -2 / 9, -2 / 9, -2 / 9]
  case 4: [-2 / 9, 2 / 9, -2 / 9, 2 / 9, -2 / 9, 2 / 9, -2 / 9]
  case 5: [1 / 90, 2 / 90, 4 / 90, 8 / 90, 16 / 90, 32 / 90, 64 / 90]
  case 6: [1 / 90, -2 / 90, 4 / 90, -8 / 90, 16 / 90, -32 / 90, 64 / 90]
  default: [0, 0, 0, 0, 0, 0, 1]
  }
}

extension VectorUnit {
  @inlinable @inline(never)
  public static func transformInput(_ line: WinogradLineInput) {
    for window in 0..<line.windows {
      for vector in 0..<line.vectors {
        let offset = window &* line.step &+ vector &* vectorWidth
        var pixels = InlineArray<8, Vector>(repeating: .zero)
        for index in 0..<8 { pixels[index] = load(line.inputs[index] + offset) }
        let points = lineTransform(pixels)
        let output = line.output + (window &* line.windowStride &+ vector &* line.vectorStride)
        for point in 0..<8 { store(points[point], output + point &* line.pointStride) }
      }
    }
  }

  /// `sum + factor * value`
  @inlinable @inline(__always)
  static func wholeSum(_ sum: Vector, _ factor: Float, _ value: Vector) -> Vector {
    productSum(value, Vector(repeating: factor), sum)
  }

  /// Two points that differ in their sign have sums of even and of odd pixels in common.
  @inlinable @inline(__always)
  static func lineTransform(_ d: InlineArray<8, Vector>) -> InlineArray<8, Vector> {
    @inline(__always)
    func sums(_ squares: Float, _ product: Float) -> (even: Vector, odd: Vector) {
      (wholeSum(wholeSum(d[6], -squares, d[4]), product, d[2]), wholeSum(wholeSum(d[5], -squares, d[3]), product, d[1]))
    }
    let half = sums(5, 4)
    let one = sums(4.25, 1)
    let two = sums(1.25, 0.25)
    let first = subtract(wholeSum(d[6], 5.25, subtract(d[2], d[4])), d[0])
    let last = subtract(wholeSum(d[7], 5.25, subtract(d[3], d[5])), d[1])
    return [
      first, wholeSum(half.even, 0.5, half.odd), wholeSum(half.even, -0.5, half.odd), add(one.even, one.odd),
      subtract(one.even, one.odd), wholeSum(two.even, 2, two.odd), wholeSum(two.even, -2, two.odd), last,
    ]
  }

  @inlinable @inline(never)
  public static func transformOutput(_ line: WinogradLineOutput) {
    let (least, most) = (line.activation.minimum, line.activation.maximum)
    for window in 0..<line.windows {
      for column in stride(from: 0, to: panelWidth, by: vectorWidth) {
        let sums = line.sums + (window &* line.windowStride &+ column)
        let pixels = Self.pixels(sums, line.pointStride)
        let offset = window &* line.step &+ column
        for pixel in 0..<2 where pixel < line.pixels {
          var value = (pixel == 0 ? pixels.0 : pixels.1) + load(line.bias + column)
          if let residuals = line.residuals { value += load(residuals[pixel] + offset) }
          store(limited(value, least, most), line.outputs[pixel] + offset)
        }
      }
      guard line.activation.isFunction else { continue }
      for pixel in 0..<line.pixels {
        let output = line.outputs[pixel] + window &* line.step
        activate(ElementwiseRun(input: output, output: output, count: panelWidth), line.activation.activation)
      }
    }
  }

  /// Both pixels of a window, of the sums of its points.
  @inlinable @inline(__always)
  static func pixels(_ sums: UnsafePointer<Float>, _ stride: Int) -> (Vector, Vector) {
    var points = InlineArray<8, Vector>(repeating: .zero)
    for point in 0..<8 { points[point] = load(sums + point &* stride) }
    let evens = add(add(points[0], add(points[1], points[2])), add(points[3], points[4]))
    let first = add(evens, add(points[5], points[6]))
    let ones = add(points[7], subtract(points[3], points[4]))
    return (first, sum(sum(ones, 0.5, subtract(points[1], points[2])), 2, subtract(points[5], points[6])))
  }

  /// A function of its own, as C functions are not inlined directly into the witness of a protocol requirement.
  @inlinable @inline(never)
  public static func pack(_ run: WinogradLinePacking) {
    for panel in 0..<(run.columns &+ panelWidth &- 1) / panelWidth {
      let left = panel &* panelWidth
      let count = min(panelWidth, run.columns &- left)
      let scale = loadColumns(run.scale + left)
      for channel in 0..<run.channels {
        var taps = InlineArray<7, Columns>(repeating: .zero)
        for tap in 0..<7 {
          let row = run.values + ((tap &* run.channels &+ channel) &* run.columns &+ left)
          if count == panelWidth {
            taps[tap] = loadColumns(row) * scale
          } else {
            for column in 0..<count { taps[tap][column] = row[column] * run.scale[left &+ column] }
          }
        }
        for point in 0..<8 {
          let factors = winogradLineTransform(point)
          var value = taps[0] * factors[0]
          for tap in 1..<7 { value += taps[tap] * factors[tap] }
          store(value, run.panels + ((panel &* 8 &+ point) &* run.channels &+ channel) &* panelWidth)
        }
      }
    }
  }
}
