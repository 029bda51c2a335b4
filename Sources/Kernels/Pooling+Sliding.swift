extension VectorUnit {
  /// Means of windows of 3 x 3 with a stride of one, which share the sums of their columns: two or three loads for each, not
  /// nine. Divided by multiplying with the reciprocal, as a division would take longer than the rest.
  @inlinable @inline(__always)
  static func slidingAverage(_ run: PoolRun, _ element: MapElementType) {
    var vector = 0
    while vector &+ 2 <= run.vectors {
      slide(InlineArray<2, Vector>.self, run, element, first: vector &* vectorWidth)
      vector &+= 2
    }
    if vector < run.vectors { slide(InlineArray<1, Vector>.self, run, element, first: vector &* vectorWidth) }
  }

  /// - Parameter first: The first word of some neighbouring vectors of a pixel.
  @inlinable @inline(__always)
  static func slide<let count: Int>(
    _: InlineArray<count, Vector>.Type, _ run: PoolRun, _ element: MapElementType, first: Int
  ) {
    let (top, middle) = (run.inputs[0] + first, run.inputs[1] + first)
    let bottom = run.inputRows == 3 ? run.inputs[2] + first : nil
    @inline(__always)
    func column(_ x: Int, _ part: WordPart) -> InlineArray<count, Vector> {
      var sums = InlineArray<count, Vector>(repeating: .zero)
      guard x >= 0 && x < run.inputWidth else { return sums }
      let place = x &* run.pixelStride
      for index in 0..<count {
        let offset = place &+ index &* vectorWidth
        sums[index] = load(part, top + offset) + load(part, middle + offset)
        if let bottom { sums[index] += load(part, bottom + offset) }
      }
      return sums
    }
    let (low, high) = element == .float32 ? (WordPart.whole, WordPart.whole) : (.low, .high)
    var left = (column(0 &- run.paddingLeft, low), column(0 &- run.paddingLeft, high))
    var center = (column(1 &- run.paddingLeft, low), column(1 &- run.paddingLeft, high))
    for pixel in 0..<run.pixels {
      let x = pixel &+ 2 &- run.paddingLeft
      let right = (column(x, low), column(x, high))
      let factor = Vector(repeating: 1 / Float(run.divisor ?? run.inputRows &* run.columns(at: pixel).count))
      let output = run.output + (pixel &* run.outputPixelStride &+ first)
      for index in 0..<count {
        let mean = limited((left.0[index] + center.0[index] + right.0[index]) * factor, run.activation)
        if element == .float32 {
          store(mean, output + index &* vectorWidth)
        } else {
          let highMean = limited((left.1[index] + center.1[index] + right.1[index]) * factor, run.activation)
          store(packed(mean, highMean), output + index &* vectorWidth)
        }
      }
      (left, center) = (center, right)
    }
  }
}
