extension VectorUnit {
  /// Windows of any shape, up to seven pixels at once, split evenly: their sums stay in registers, and each tap is read
  /// once for all of them.
  @inlinable @inline(__always)
  static func depthwiseAny(_ run: borrowing DepthwiseRun) {
    let steps = (run.pixels.count &+ 6) / 7
    for step in 0..<steps {
      let pixels = share(step, of: steps, run.pixels.count)
      let first = run.pixels.lowerBound &+ pixels.lowerBound
      switch pixels.count {
      case 7: depthwiseAny(InlineArray<7, Vector>.self, run, first: first)
      case 6: depthwiseAny(InlineArray<6, Vector>.self, run, first: first)
      case 5: depthwiseAny(InlineArray<5, Vector>.self, run, first: first)
      case 4: depthwiseAny(InlineArray<4, Vector>.self, run, first: first)
      case 3: depthwiseAny(InlineArray<3, Vector>.self, run, first: first)
      case 2: depthwiseAny(InlineArray<2, Vector>.self, run, first: first)
      default: depthwiseAny(InlineArray<1, Vector>.self, run, first: first)
      }
    }
  }

  @inlinable @inline(__always)
  static func depthwiseAny<let pixels: Int>(
    _ shape: InlineArray<pixels, Vector>.Type, _ run: borrowing DepthwiseRun, first: Int
  ) {
    switch (run.inputElement, run.outputElement) {
    case (.float32, .float32): floatDepthwiseAny(shape, run, first: first)
    case (.float32, .bfloat16): roundingDepthwiseAny(shape, run, first: first)
    case (.bfloat16, .float32): wideningDepthwiseAny(shape, run, first: first)
    case (.bfloat16, .bfloat16): packedDepthwiseAny(shape, run, first: first)
    }
  }

  /// A function of its own, like `tile`: in one for all types, the innermost loop asked for the type of each input.
  @inlinable @inline(never)
  static func floatDepthwiseAny<let pixels: Int>(
    _ shape: InlineArray<pixels, Vector>.Type, _ run: borrowing DepthwiseRun, first: Int
  ) {
    if run.inputActivation.rectifies {
      depthwiseAny(shape, run, first: first, .float32, .float32) { maximum(.zero, $0) }
    } else {
      depthwiseAny(shape, run, first: first, .float32, .float32) { $0 }
    }
  }

  @inlinable @inline(never)
  static func roundingDepthwiseAny<let pixels: Int>(
    _ shape: InlineArray<pixels, Vector>.Type, _ run: borrowing DepthwiseRun, first: Int
  ) {
    if run.inputActivation.rectifies {
      depthwiseAny(shape, run, first: first, .float32, .bfloat16) { maximum(.zero, $0) }
    } else {
      depthwiseAny(shape, run, first: first, .float32, .bfloat16) { $0 }
    }
  }

  @inlinable @inline(never)
  static func wideningDepthwiseAny<let pixels: Int>(
    _ shape: InlineArray<pixels, Vector>.Type, _ run: borrowing DepthwiseRun, first: Int
  ) {
    if run.inputActivation.rectifies {
      depthwiseAny(shape, run, first: first, .bfloat16, .float32) { maximum(.zero, $0) }
    } else {
      depthwiseAny(shape, run, first: first, .bfloat16, .float32) { $0 }
    }
  }

  @inlinable @inline(never)
  static func packedDepthwiseAny<let pixels: Int>(
    _ shape: InlineArray<pixels, Vector>.Type, _ run: borrowing DepthwiseRun, first: Int
  ) {
    if run.inputActivation.rectifies {
      depthwiseAny(shape, run, first: first, .bfloat16, .bfloat16) { maximum(.zero, $0) }
    } else {
      depthwiseAny(shape, run, first: first, .bfloat16, .bfloat16) { $0 }
    }
  }

  /// A pair of vectors of channels at a time where either side is packed, else a single one.
  @inlinable @inline(__always)
  static func depthwiseAny<let pixels: Int>(
    _: InlineArray<pixels, Vector>.Type, _ run: borrowing DepthwiseRun, first: Int, _ element: MapElementType,
    _ outputElement: MapElementType, activate: (Vector) -> Vector
  ) {
    let (height, width) = (run.window.height, run.window.width)
    let (step, tapStep) = (run.window.stride &* run.pixelStride, run.window.dilation &* run.pixelStride)
    let (least, most) = (run.activation.minimum, run.activation.maximum)
    let slots = run.slots + first
    @inline(__always)
    func sums(_ vector: Int, _ part: WordPart) -> InlineArray<pixels, Vector> {
      var taps = run.weights + vector &* (1 &+ height &* width) &* vectorWidth
      var sums = InlineArray<pixels, Vector>(repeating: load(taps))
      let offset = first &* step &+ groups(vector, element) &* vectorWidth
      for y in 0..<height {
        var input = run.inputs[y] + offset
        for _ in 0..<width {
          taps += vectorWidth
          let tap = load(taps)
          for x in 0..<pixels { multiplyAdd(&sums[x], activate(load(part, input + x &* step)), tap) }
          input += tapStep
        }
      }
      for x in 0..<pixels { sums[x] = limited(sums[x], least, most) }
      return sums
    }
    let isSingle = element == .float32 && outputElement == .float32
    let last = run.vectors.upperBound &- (isSingle ? 1 : 2)
    for vector in stride(from: run.vectors.lowerBound, to: run.vectors.upperBound, by: isSingle ? 1 : 2) {
      let output = run.output + groups(vector, outputElement) &* run.vectorStride
      let lows = sums(vector, element == .float32 ? .whole : .low)
      if isSingle {
        for x in 0..<pixels { store(lows[x], output + slots[x]) }
        continue
      }
      let highs = sums(vector &+ 1, element == .float32 ? .whole : .high)
      if outputElement == .float32 {
        for x in 0..<pixels { store(lows[x], output + slots[x]) }
        for x in 0..<pixels { store(highs[x], output + (run.vectorStride &+ slots[x])) }
      } else {
        let order = vector == last ? lastOrder(run) : wordOrder(vectorWidth)
        for x in 0..<pixels { store(packed(lows[x], highs[x], order: order), output + slots[x]) }
      }
    }
  }
}
