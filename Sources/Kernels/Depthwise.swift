import CIntrinsics

/// Depthwise sums of neighbouring pixels of one output row, written to a row panel or to a map.
public struct DepthwiseRun {
  /// For each row of the window, the first pixel's leftmost input.
  public var inputs: UnsafePointer<UnsafePointer<Float>>
  public var pixelStride: Int
  /// What is prefetched: how far ahead of the last input row the row lies that is read next.
  public var ahead: Int
  public var window: DepthwiseWindow
  /// The vectors of channels to compute.
  public var vectors: Range<Int>
  /// `[vector][1 + taps][vectorWidth]`: the bias, then the taps row by row.
  public var weights: UnsafePointer<Float>
  /// Whether negative inputs count as zero.
  public var rectifies: Bool
  public var output: UnsafeMutablePointer<Float>
  /// Where each pixel lies in the output, and how far apart its vectors lie.
  public var slots: UnsafePointer<Int>
  public var vectorStride: Int
  public var pixels: Int
  /// Packed inputs have half as many words; `vectors` then starts and ends at a pair of vectors.
  public var inputElement: MapElement
  /// Of packed outputs `vectorStride` is from pair to pair, and `slots` count words as ever.
  public var outputElement: MapElement

  public init(
    inputs: UnsafePointer<UnsafePointer<Float>>, pixelStride: Int, ahead: Int, window: DepthwiseWindow,
    vectors: Range<Int>, weights: UnsafePointer<Float>, rectifies: Bool, output: UnsafeMutablePointer<Float>,
    slots: UnsafePointer<Int>, vectorStride: Int, pixels: Int, inputElement: MapElement = .float32,
    outputElement: MapElement = .float32
  ) {
    self.inputElement = inputElement
    self.outputElement = outputElement
    self.inputs = inputs
    self.pixelStride = pixelStride
    self.ahead = ahead
    self.window = window
    self.vectors = vectors
    self.weights = weights
    self.rectifies = rectifies
    self.output = output
    self.slots = slots
    self.vectorStride = vectorStride
    self.pixels = pixels
  }
}

/// The shape of a depthwise window; strides and dilations across only, as the input rows are given one by one.
public struct DepthwiseWindow {
  public var height: Int
  public var width: Int
  public var stride: Int
  public var dilation: Int

  public init(height: Int, width: Int, stride: Int, dilation: Int) {
    self.height = height
    self.width = width
    self.stride = stride
    self.dilation = dilation
  }

  @inlinable
  var isDense3x3: Bool { height == 3 && width == 3 && stride == 1 && dilation == 1 }
}

extension VectorUnit {
  @inlinable @inline(__always)
  public static func depthwise(_ run: DepthwiseRun) {
    if run.window.isDense3x3 { depthwise3x3(run) } else { depthwiseAny(run) }
  }

  /// Up to seven pixels at once, split evenly: 21 sums of three taps each share 27 inputs.
  @inlinable @inline(__always)
  static func depthwise3x3(_ run: borrowing DepthwiseRun) {
    let steps = (run.pixels &+ 6) / 7
    for step in 0..<steps {
      let pixels = share(step, of: steps, run.pixels)
      switch pixels.count {
      case 7: depthwise3x3(InlineArray<7, Vector>.self, run, first: pixels.lowerBound)
      case 6: depthwise3x3(InlineArray<6, Vector>.self, run, first: pixels.lowerBound)
      case 5: depthwise3x3(InlineArray<5, Vector>.self, run, first: pixels.lowerBound)
      case 4: depthwise3x3(InlineArray<4, Vector>.self, run, first: pixels.lowerBound)
      case 3: depthwise3x3(InlineArray<3, Vector>.self, run, first: pixels.lowerBound)
      case 2: depthwise3x3(InlineArray<2, Vector>.self, run, first: pixels.lowerBound)
      default: depthwise3x3(InlineArray<1, Vector>.self, run, first: pixels.lowerBound)
      }
    }
  }

  /// A call of its own, as `tile` is: inlined, its loop kept half of its sums and addresses on the stack.
  @inlinable @inline(never)
  static func depthwise3x3<let pixels: Int>(
    _ shape: InlineArray<pixels, Vector>.Type, _ run: borrowing DepthwiseRun, first: Int
  ) {
    if run.rectifies {
      depthwise3x3(shape, run, first: first) { maximum(.zero, $0) }
    } else {
      depthwise3x3(shape, run, first: first) { $0 }
    }
  }

  @inlinable @inline(__always)
  static func depthwise3x3<let pixels: Int>(
    _: InlineArray<pixels, Vector>.Type, _ run: borrowing DepthwiseRun, first: Int, activate: (Vector) -> Vector
  ) {
    let stride = run.pixelStride
    var top = run.inputs[0] + (first &* stride &+ run.vectors.lowerBound &* vectorWidth)
    var middle = run.inputs[1] + (first &* stride &+ run.vectors.lowerBound &* vectorWidth)
    var bottom = run.inputs[2] + (first &* stride &+ run.vectors.lowerBound &* vectorWidth)
    var weights = run.weights + run.vectors.lowerBound &* 10 &* vectorWidth
    var output = run.output + run.vectors.lowerBound &* run.vectorStride
    let slots = run.slots + first
    for _ in run.vectors {
      var sums = InlineArray<pixels, Vector>(repeating: load(weights))
      for y in 0..<3 {
        let input = y == 0 ? top : y == 1 ? middle : bottom
        let left = load(weights + (y &* 3 &+ 1) &* vectorWidth)
        let center = load(weights + (y &* 3 &+ 2) &* vectorWidth)
        let right = load(weights + (y &* 3 &+ 3) &* vectorWidth)
        for x in 0..<pixels &+ 2 {
          let value = activate(load(input + x &* stride))
          if x < pixels { multiplyAdd(&sums[x], value, left) }
          if x > 0 && x <= pixels { multiplyAdd(&sums[x &- 1], value, center) }
          if x > 1 { multiplyAdd(&sums[x &- 2], value, right) }
        }
      }
      for x in 0..<pixels { prefetch(bottom + (run.ahead &+ (x &+ 1) &* stride)) }
      for x in 0..<pixels { store(sums[x], output + slots[x]) }
      top += vectorWidth
      middle += vectorWidth
      bottom += vectorWidth
      weights += 10 &* vectorWidth
      output += run.vectorStride
    }
  }

  @inlinable @inline(__always)
  static func depthwiseAny(_ run: DepthwiseRun) {
    let window = run.window
    let floor = Vector(repeating: run.rectifies ? 0 : -.infinity)
    let weightStride = (1 &+ window.height &* window.width) &* vectorWidth
    for vector in run.vectors {
      let weights = run.weights + vector &* weightStride
      let output = run.output + vector &* run.vectorStride
      for pixel in 0..<run.pixels {
        var sum = load(weights)
        var taps = weights + vectorWidth
        for y in 0..<window.height {
          let input = run.inputs[y] + (pixel &* window.stride &* run.pixelStride &+ vector &* vectorWidth)
          for x in 0..<window.width {
            multiplyAdd(&sum, maximum(floor, load(input + x &* window.dilation &* run.pixelStride)), load(taps))
            taps += vectorWidth
          }
        }
        store(sum, output + run.slots[pixel])
      }
    }
  }
}
