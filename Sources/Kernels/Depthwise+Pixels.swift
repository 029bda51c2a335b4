extension VectorUnit {
  /// Windows of one pixel, such as normalizations: a factor and a term for each channel, kept in registers for all
  /// pixels.
  @inlinable @inline(__always)
  static func scaleAndShift(_ run: DepthwiseRun) {
    switch (run.inputElement, run.outputElement) {
    case (.float32, .float32): scaleAndShift(run, .float32, .float32)
    case (.float32, .bfloat16): scaleAndShift(run, .float32, .bfloat16)
    case (.bfloat16, .float32): scaleAndShift(run, .bfloat16, .float32)
    case (.bfloat16, .bfloat16): scaleAndShift(run, .bfloat16, .bfloat16)
    }
  }

  /// A pair of vectors at a time where either side is packed, else a single one.
  @inlinable @inline(__always)
  static func scaleAndShift(_ run: DepthwiseRun, _ element: MapElementType, _ outputElement: MapElementType) {
    let floor = Vector(repeating: run.inputActivation.rectifies ? 0 : -.infinity)
    let (least, most) = (run.activation.minimum, run.activation.maximum)
    let step = run.window.stride &* run.pixelStride
    @inline(__always)
    func value(_ input: Vector, _ weights: UnsafePointer<Float>) -> Vector {
      var sum = load(weights)
      multiplyAdd(&sum, maximum(floor, input), load(weights + vectorWidth))
      return limited(sum, least, most)
    }
    let isSingle = element == .float32 && outputElement == .float32
    let last = run.vectors.upperBound &- (isSingle ? 1 : 2)
    for vector in stride(from: run.vectors.lowerBound, to: run.vectors.upperBound, by: isSingle ? 1 : 2) {
      let weights = run.weights + vector &* 2 &* vectorWidth
      let others = weights + 2 &* vectorWidth
      var input = run.inputs[0] + (groups(vector, element) &* vectorWidth &+ run.pixels.lowerBound &* step)
      let output = run.output + groups(vector, outputElement) &* run.vectorStride
      let order = vector == last ? lastOrder(run) : wordOrder(vectorWidth)
      for pixel in run.pixels {
        if isSingle {
          store(value(load(input), weights), output + run.slots[pixel])
        } else {
          let low = element == .float32 ? load(input) : load(.low, input)
          let high = element == .float32 ? load(input + vectorWidth) : load(.high, input)
          let (lows, highs) = (value(low, weights), value(high, others))
          if outputElement == .float32 {
            store(lows, output + run.slots[pixel])
            store(highs, output + (run.vectorStride &+ run.slots[pixel]))
          } else {
            store(packed(lows, highs, order: order), output + run.slots[pixel])
          }
        }
        input += step
      }
    }
  }
}
