import CIntrinsics

/// Depthwise sums of neighbouring pixels of one output row, written to a row panel or to a map.
public struct DepthwiseRun {
  /// For each row of the window, the leftmost input of the first pixel.
  public var inputs: UnsafePointer<UnsafePointer<Float>>
  public var pixelStride: Int
  /// How far beyond the last input row the row is that will be read next, which is prefetched.
  public var ahead: Int
  public var window: DepthwiseWindow
  /// The vectors of channels to compute.
  public var vectors: Range<Int>
  /// `[vector][1 + taps][vectorWidth]`: the bias, then the taps row by row.
  public var weights: UnsafePointer<Float>
  /// Applied to the inputs: `identity` or `relu`.
  public var inputActivation: Activation
  /// Applied to the sums.
  public var activation: OutputActivation
  public var output: UnsafeMutablePointer<Float>
  /// Where each pixel goes in the output, and how far apart its vectors are.
  public var slots: UnsafePointer<Int>
  public var vectorStride: Int
  public var pixels: Range<Int>
  /// Packed inputs have half as many words; `vectors` then begins and ends at a pair of vectors.
  public var inputElement: MapElementType
  /// In packed outputs `vectorStride` is the distance between pairs, and `slots` counts words as always.
  public var outputElement: MapElementType
  /// For packed outputs whose last pair of vectors has fewer channels than others and stores them closer together: the
  /// number of its words, where word j holds the channels j and `tailWords` + j; else 0. Only for instruction sets with
  /// products of bf16.
  public var tailWords: Int

  public init(
    inputs: UnsafePointer<UnsafePointer<Float>>, pixelStride: Int, ahead: Int, window: DepthwiseWindow,
    vectors: Range<Int>, weights: UnsafePointer<Float>, inputActivation: Activation = .identity,
    activation: Activation = .identity, output: UnsafeMutablePointer<Float>,
    slots: UnsafePointer<Int>, vectorStride: Int, pixels: Int, inputElement: MapElementType = .float32,
    outputElement: MapElementType = .float32, tailWords: Int = 0
  ) {
    self.tailWords = tailWords
    self.inputElement = inputElement
    self.outputElement = outputElement
    self.inputs = inputs
    self.pixelStride = pixelStride
    self.ahead = ahead
    self.window = window
    self.vectors = vectors
    self.weights = weights
    self.inputActivation = inputActivation
    self.activation = OutputActivation(activation)
    self.output = output
    self.slots = slots
    self.vectorStride = vectorStride
    self.pixels = 0..<pixels
  }
}

/// The shape of a depthwise window; strides and dilations are horizontal only, as the input rows are given one by one.
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
  @inlinable @inline(never)
  public static func depthwise(_ run: DepthwiseRun) {
    let isDense = run.window.isDense3x3
    let isLimited = run.activation.isLimited
    if run.activation.isFunction || isDense && isLimited && run.inputActivation.rectifies {
      return depthwiseInMemory(run)
    }
    if run.window.height &* run.window.width == 1 { return scaleAndShift(run) }
    if run.window.height == 3 && run.window.width == 3 && !isDense { return spreadDepthwise3x3(run) }
    if !isDense { return depthwiseAny(run) }
    switch (run.inputElement, run.outputElement) {
    case (.float32, .bfloat16) where run.inputActivation.rectifies: depthwiseInMemory(run)
    default: depthwise3x3(run)
    }
  }

  /// Sums of a few pixels and vectors as floats in memory, to which the activation is applied before they go to the
  /// output: for functions that are not limits, and where no loop stores them in the output's element type.
  @inlinable @inline(never)
  static func depthwiseInMemory(_ run: DepthwiseRun) {
    let (mostPixels, mostVectors) = (7, 8)
    // The widest vectors of all instruction sets have 16 floats.
    var memory = InlineArray<896, Float>(repeating: 0)
    var slots = InlineArray<7, Int> { $0 &* vectorWidth }
    withUnsafeMutablePointer(to: &memory) { memory in
      withUnsafeMutablePointer(to: &slots) { slots in
        let floats = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Float.self)
        let slots = UnsafeMutableRawPointer(slots).assumingMemoryBound(to: Int.self)
        for first in stride(from: run.pixels.lowerBound, to: run.pixels.upperBound, by: mostPixels) {
          for vector in stride(from: run.vectors.lowerBound, to: run.vectors.upperBound, by: mostVectors) {
            var part = run
            part.pixels = first..<min(first &+ mostPixels, run.pixels.upperBound)
            part.vectors = vector..<min(vector &+ mostVectors, run.vectors.upperBound)
            part.activation = OutputActivation(.identity)
            part.vectorStride = part.pixels.count &* vectorWidth
            part.output = floats - vector &* part.vectorStride
            part.slots = UnsafePointer(slots - first)
            part.outputElement = .float32
            part.tailWords = 0
            depthwise(part)
            finish(floats, of: part, in: run)
          }
        }
      }
    }
  }

  /// Activates the floats of a part of a run, `[vector][pixel][vectorWidth]`, and stores them in the run's output: in
  /// one loop for what networks use most, else in place first.
  @inlinable @inline(__always)
  static func finish(_ floats: UnsafeMutablePointer<Float>, of part: DepthwiseRun, in run: DepthwiseRun) {
    switch run.activation.activation {
    case .silu: store(floats, of: part, to: run) { silu($0) }
    case .hardSwish: store(floats, of: part, to: run) { hardSwish($0) }
    default:
      let count = part.vectors.count &* part.vectorStride
      activate(ElementwiseRun(input: floats, output: floats, count: count), run.activation.activation)
      store(floats, of: part, to: run) { $0 }
    }
  }

  @inlinable @inline(__always)
  static func store(
    _ floats: UnsafePointer<Float>, of part: DepthwiseRun, to run: DepthwiseRun, activate: (Vector) -> Vector
  ) {
    let last = groups(run.vectors.upperBound, run.outputElement) &- 1
    for group in groups(part.vectors.lowerBound, run.outputElement)..<groups(part.vectors.upperBound, run.outputElement)
    {
      let order = group == last ? lastOrder(run) : wordOrder(vectorWidth)
      let output = run.output + group &* run.vectorStride
      for pixel in part.pixels {
        let values = floats + (pixel &- part.pixels.lowerBound) &* vectorWidth
        switch run.outputElement {
        case .float32:
          let value = load(values + (group &- part.vectors.lowerBound) &* part.vectorStride)
          store(activate(value), output + run.slots[pixel])
        case .bfloat16:
          let low = values + (2 &* group &- part.vectors.lowerBound) &* part.vectorStride
          let words = packed(activate(load(low)), activate(load(low + part.vectorStride)), order: order)
          store(words, output + run.slots[pixel])
        }
      }
    }
  }

  /// Up to seven pixels at once, split evenly: 21 sums of three taps each share 27 inputs.
  @inlinable @inline(__always)
  static func depthwise3x3(_ run: borrowing DepthwiseRun) {
    let steps = (run.pixels.count &+ 6) / 7
    for step in 0..<steps {
      let pixels = share(step, of: steps, run.pixels.count)
      let first = run.pixels.lowerBound &+ pixels.lowerBound
      switch pixels.count {
      case 7: depthwise3x3(InlineArray<7, Vector>.self, run, first: first)
      case 6: depthwise3x3(InlineArray<6, Vector>.self, run, first: first)
      case 5: depthwise3x3(InlineArray<5, Vector>.self, run, first: first)
      case 4: depthwise3x3(InlineArray<4, Vector>.self, run, first: first)
      case 3: depthwise3x3(InlineArray<3, Vector>.self, run, first: first)
      case 2: depthwise3x3(InlineArray<2, Vector>.self, run, first: first)
      default: depthwise3x3(InlineArray<1, Vector>.self, run, first: first)
      }
    }
  }

  @inlinable @inline(__always)
  static func depthwise3x3<let pixels: Int>(
    _ shape: InlineArray<pixels, Vector>.Type, _ run: borrowing DepthwiseRun, first: Int
  ) {
    let isLimited = run.activation.isLimited
    switch (run.inputElement, run.outputElement) {
    case (.float32, .bfloat16): packingDepthwise3x3(shape, run, first: first)
    case (.float32, .float32):
      if isLimited {
        floatLimitedDepthwise3x3(shape, run, first: first)
      } else {
        floatDepthwise3x3(shape, run, first: first)
      }
    case (.bfloat16, .float32):
      if isLimited {
        wideningLimitedDepthwise3x3(shape, run, first: first)
      } else {
        wideningDepthwise3x3(shape, run, first: first)
      }
    case (.bfloat16, .bfloat16):
      if isLimited {
        packedLimitedDepthwise3x3(shape, run, first: first)
      } else {
        packedDepthwise3x3(shape, run, first: first)
      }
    }
  }

  /// A function of its own, like `tile`: inlined, its loop kept half of its sums and addresses on the stack.
  @inlinable @inline(never)
  static func floatDepthwise3x3<let pixels: Int>(
    _ shape: InlineArray<pixels, Vector>.Type, _ run: borrowing DepthwiseRun, first: Int
  ) {
    if run.inputActivation.rectifies {
      depthwise3x3(shape, run, first: first, .float32, .float32, isLimited: false) { maximum(.zero, $0) }
    } else {
      depthwise3x3(shape, run, first: first, .float32, .float32, isLimited: false) { $0 }
    }
  }

  /// With limits on the sums, which may be infinite.
  @inlinable @inline(never)
  static func packingDepthwise3x3<let pixels: Int>(
    _ shape: InlineArray<pixels, Vector>.Type, _ run: borrowing DepthwiseRun, first: Int
  ) {
    depthwise3x3(shape, run, first: first, .float32, .bfloat16, isLimited: true) { $0 }
  }

  @inlinable @inline(never)
  static func wideningDepthwise3x3<let pixels: Int>(
    _ shape: InlineArray<pixels, Vector>.Type, _ run: borrowing DepthwiseRun, first: Int
  ) {
    if run.inputActivation.rectifies {
      depthwise3x3(shape, run, first: first, .bfloat16, .float32, isLimited: false) { maximum(.zero, $0) }
    } else {
      depthwise3x3(shape, run, first: first, .bfloat16, .float32, isLimited: false) { $0 }
    }
  }

  @inlinable @inline(never)
  static func packedDepthwise3x3<let pixels: Int>(
    _ shape: InlineArray<pixels, Vector>.Type, _ run: borrowing DepthwiseRun, first: Int
  ) {
    if run.inputActivation.rectifies {
      depthwise3x3(shape, run, first: first, .bfloat16, .bfloat16, isLimited: false) { maximum(.zero, $0) }
    } else {
      depthwise3x3(shape, run, first: first, .bfloat16, .bfloat16, isLimited: false) { $0 }
    }
  }

  /// With limits on the sums, as in MobileNets, and none on the inputs.
  @inlinable @inline(never)
  static func floatLimitedDepthwise3x3<let pixels: Int>(
    _ shape: InlineArray<pixels, Vector>.Type, _ run: borrowing DepthwiseRun, first: Int
  ) {
    depthwise3x3(shape, run, first: first, .float32, .float32, isLimited: true) { $0 }
  }

  @inlinable @inline(never)
  static func wideningLimitedDepthwise3x3<let pixels: Int>(
    _ shape: InlineArray<pixels, Vector>.Type, _ run: borrowing DepthwiseRun, first: Int
  ) {
    depthwise3x3(shape, run, first: first, .bfloat16, .float32, isLimited: true) { $0 }
  }

  @inlinable @inline(never)
  static func packedLimitedDepthwise3x3<let pixels: Int>(
    _ shape: InlineArray<pixels, Vector>.Type, _ run: borrowing DepthwiseRun, first: Int
  ) {
    depthwise3x3(shape, run, first: first, .bfloat16, .bfloat16, isLimited: true) { $0 }
  }

  /// One vector of channels after the other, even for packed inputs: pairs of vectors would need twice the registers,
  /// to save half of the loads, which are not what takes the time.
  @inlinable @inline(__always)
  static func depthwise3x3<let pixels: Int>(
    _: InlineArray<pixels, Vector>.Type, _ run: borrowing DepthwiseRun, first: Int, _ element: MapElementType,
    _ outputElement: MapElementType, isLimited: Bool, activate: (Vector) -> Vector
  ) {
    let stride = run.pixelStride
    let start = first &* stride &+ groups(run.vectors.lowerBound, element) &* vectorWidth
    var top = run.inputs[0] + start
    var middle = run.inputs[1] + start
    var bottom = run.inputs[2] + start
    var weights = run.weights + run.vectors.lowerBound &* 10 &* vectorWidth
    var output = run.output + groups(run.vectors.lowerBound, outputElement) &* run.vectorStride
    let slots = run.slots + first
    @inline(__always)
    func nextSums(_ part: WordPart) -> InlineArray<pixels, Vector> {
      var sums = InlineArray<pixels, Vector>(repeating: load(weights))
      for y in 0..<3 {
        let input = y == 0 ? top : y == 1 ? middle : bottom
        let left = load(weights + (y &* 3 &+ 1) &* vectorWidth)
        let center = load(weights + (y &* 3 &+ 2) &* vectorWidth)
        let right = load(weights + (y &* 3 &+ 3) &* vectorWidth)
        for x in 0..<pixels &+ 2 {
          let value = activate(load(part, input + x &* stride))
          if x < pixels { multiplyAdd(&sums[x], value, left) }
          if x > 0 && x <= pixels { multiplyAdd(&sums[x &- 1], value, center) }
          if x > 1 { multiplyAdd(&sums[x &- 2], value, right) }
        }
      }
      if part != .high {
        for x in 0..<pixels { prefetch(bottom + (run.ahead &+ (x &+ 1) &* stride)) }
      }
      weights += 10 &* vectorWidth
      if isLimited {
        let (least, most) = (run.activation.minimum, run.activation.maximum)
        for x in 0..<pixels { sums[x] = limited(sums[x], least, most) }
      }
      return sums
    }
    @inline(__always)
    func put(_ vector: (Int) -> Vector) {
      for x in 0..<pixels { store(vector(x), output + slots[x]) }
      output += run.vectorStride
    }
    let groupCount = groups(run.vectors.count, element == .float32 ? outputElement : element)
    for group in 0..<groupCount {
      switch (element, outputElement) {
      case (.float32, .float32):
        let sums = nextSums(.whole)
        put { sums[$0] }
      case (.float32, .bfloat16):
        let lows = nextSums(.whole)
        top += vectorWidth
        middle += vectorWidth
        bottom += vectorWidth
        let highs = nextSums(.whole)
        let order = group &+ 1 == groupCount ? lastOrder(run) : wordOrder(vectorWidth)
        put { packed(lows[$0], highs[$0], order: order) }
      case (.bfloat16, .float32):
        top = unknown_address(top)
        middle = unknown_address(middle)
        bottom = unknown_address(bottom)
        let lows = nextSums(.low)
        put { lows[$0] }
        let highs = nextSums(.high)
        put { highs[$0] }
      case (.bfloat16, .bfloat16):
        let lows = nextSums(.low)
        // Loaded again: otherwise 27 words would have to stay in registers.
        top = unknown_address(top)
        middle = unknown_address(middle)
        bottom = unknown_address(bottom)
        let highs = nextSums(.high)
        let order = group &+ 1 == groupCount ? lastOrder(run) : wordOrder(vectorWidth)
        put { packed(lows[$0], highs[$0], order: order) }
      }
      top += vectorWidth
      middle += vectorWidth
      bottom += vectorWidth
    }
  }

  /// The word order of the last pair of vectors.
  @inlinable @inline(__always)
  static func lastOrder(_ run: borrowing DepthwiseRun) -> Integers {
    wordOrder(run.tailWords > 0 ? run.tailWords : vectorWidth)
  }
}
