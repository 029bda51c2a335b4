extension VectorUnit {
  /// Windows of 3 x 3 with a stride or a dilation, which share few inputs: a vector's nine taps are kept in registers
  /// for all pixels.
  @inlinable @inline(__always)
  static func spreadDepthwise3x3(_ run: borrowing DepthwiseRun) {
    switch (run.inputElement, run.outputElement) {
    case (.float32, .float32): floatSpreadDepthwise3x3(run)
    case (.float32, .bfloat16): roundingSpreadDepthwise3x3(run)
    case (.bfloat16, .float32): wideningSpreadDepthwise3x3(run)
    case (.bfloat16, .bfloat16): packedSpreadDepthwise3x3(run)
    }
  }

  /// A function of its own, like `tile`: in one for all types, the innermost loop asked for the type of each input.
  @inlinable @inline(never)
  static func floatSpreadDepthwise3x3(_ run: borrowing DepthwiseRun) { spreadDepthwise3x3(run, .float32, .float32) }

  @inlinable @inline(never)
  static func roundingSpreadDepthwise3x3(_ run: borrowing DepthwiseRun) { spreadDepthwise3x3(run, .float32, .bfloat16) }

  @inlinable @inline(never)
  static func wideningSpreadDepthwise3x3(_ run: borrowing DepthwiseRun) { spreadDepthwise3x3(run, .bfloat16, .float32) }

  @inlinable @inline(never)
  static func packedSpreadDepthwise3x3(_ run: borrowing DepthwiseRun) { spreadDepthwise3x3(run, .bfloat16, .bfloat16) }

  @inlinable @inline(__always)
  static func spreadDepthwise3x3(
    _ run: borrowing DepthwiseRun, _ element: MapElementType, _ outputElement: MapElementType
  ) {
    if run.inputActivation.rectifies {
      spreadDepthwise3x3(run, element, outputElement) { maximum(.zero, $0) }
    } else {
      spreadDepthwise3x3(run, element, outputElement) { $0 }
    }
  }

  /// A pair of vectors at a time where either side is packed, else a single one.
  @inlinable @inline(__always)
  static func spreadDepthwise3x3(
    _ run: borrowing DepthwiseRun, _ element: MapElementType, _ outputElement: MapElementType,
    activate: (Vector) -> Vector
  ) {
    let (least, most) = (run.activation.minimum, run.activation.maximum)
    let step = run.window.stride &* run.pixelStride
    let (second, third) = (run.window.dilation &* run.pixelStride, 2 &* run.window.dilation &* run.pixelStride)
    let isSingle = element == .float32 && outputElement == .float32
    let last = run.vectors.upperBound &- (isSingle ? 1 : 2)
    for vector in stride(from: run.vectors.lowerBound, to: run.vectors.upperBound, by: isSingle ? 1 : 2) {
      let taps = run.weights + vector &* 10 &* vectorWidth
      let lows = InlineArray<10, Vector> { load(taps + $0 &* vectorWidth) }
      let highs = InlineArray<10, Vector> { isSingle ? .zero : load(taps + ($0 &+ 10) &* vectorWidth) }
      let start = groups(vector, element) &* vectorWidth &+ run.pixels.lowerBound &* step
      var (top, middle, bottom) = (run.inputs[0] + start, run.inputs[1] + start, run.inputs[2] + start)
      let output = run.output + groups(vector, outputElement) &* run.vectorStride
      let order = vector == last ? lastOrder(run) : wordOrder(vectorWidth)
      @inline(__always)
      func sum(_ taps: InlineArray<10, Vector>, _ input: (UnsafePointer<Float>) -> Vector) -> Vector {
        var sum = taps[0]
        multiplyAdd(&sum, activate(input(top)), taps[1])
        multiplyAdd(&sum, activate(input(top + second)), taps[2])
        multiplyAdd(&sum, activate(input(top + third)), taps[3])
        multiplyAdd(&sum, activate(input(middle)), taps[4])
        multiplyAdd(&sum, activate(input(middle + second)), taps[5])
        multiplyAdd(&sum, activate(input(middle + third)), taps[6])
        multiplyAdd(&sum, activate(input(bottom)), taps[7])
        multiplyAdd(&sum, activate(input(bottom + second)), taps[8])
        multiplyAdd(&sum, activate(input(bottom + third)), taps[9])
        return limited(sum, least, most)
      }
      for pixel in run.pixels {
        if isSingle {
          store(sum(lows) { load($0) }, output + run.slots[pixel])
        } else {
          let low = sum(lows) { element == .float32 ? load($0) : load(.low, $0) }
          let high = sum(highs) { element == .float32 ? load($0 + vectorWidth) : load(.high, $0) }
          if outputElement == .float32 {
            store(low, output + run.slots[pixel])
            store(high, output + (run.vectorStride &+ run.slots[pixel]))
          } else {
            store(packed(low, high, order: order), output + run.slots[pixel])
          }
        }
        top += step
        middle += step
        bottom += step
      }
    }
  }
}
