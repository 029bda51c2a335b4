import CountedKernels
import Kernels

/// What is computed value by value: activations, sums, normalizations, softmax; and the packing of pixels.
enum ElementwiseChecks {
  static func run() {
    for activation in ActivationBound.functions {
      expectActivation(activation)
      expectNotFinite(activation)
    }
    var random = RandomValues(seed: 9)
    for odd in [nil, .nan, .infinity, -.infinity] as [Float?] {
      for panels in 1...3 { expectMaps(panels: panels, odd: odd, &random) }
    }
    expectSoftmax(&random)
    expectPixels(&random)
    expectRounding()
  }

  // MARK: Activations

  private static func results(_ activation: Activation, _ values: [Float]) -> [Float] {
    let width = CountedKernels.panelWidth
    let line = GuardedFloats(values + [Float](repeating: 1, count: (width - values.count % width) % width))
    CountedKernels.activate(ElementwiseRun(input: line.start, output: line.start, count: line.count), activation)
    return Array(line.values[..<values.count])
  }

  private static func expectActivation(_ activation: Activation) {
    for (x, value) in zip(ActivationBound.arguments, results(activation, ActivationBound.arguments)) {
      let expected = activation(Double(x))
      Comparisons.expectNear(
        value, expected, within: ActivationBound.of(activation, expected), "activation \(activation.code) of \(x)")
    }
  }

  private static func expectNotFinite(_ activation: Activation) {
    let nans = [.nan, -.nan, .signalingNaN, Float(bitPattern: 0x7f80_0001), Float(bitPattern: 0xffff_ffff)]
    let ends: [Float] = [.infinity, -.infinity, 0, -0.0]
    for (x, value) in zip(nans + ends, results(activation, nans + ends)) {
      let expected = activation(Double(x))
      let size = expected.magnitude.isFinite ? expected.magnitude : 0
      Comparisons.expectNear(value, expected, within: 0x1p-23 * max(1, size), "activation \(activation.code) of \(x)")
    }
  }

  // MARK: Maps

  private static func expectMaps(panels: Int, odd: Float?, _ random: inout RandomValues) {
    let rows = MapRows(rows: 2, pixels: 5, panels: panels, &random, odd: odd)
    let other = MapRows(rows: 1, pixels: 5, panels: panels, &random)
    let (factors, terms) = (random.floats(rows.channels), random.floats(rows.channels))
    /// Runs a kernel on maps of both elements, and compares it with a definition of the channels of a pixel.
    func expect(
      _ what: String, terms count: Double,
      kernel: (ElementwiseRun, UnsafePointer<Float>) -> Void,
      definition: (_ x: Double, _ y: Double, _ channel: Int) -> (value: Double, magnitude: Double)
    ) {
      func results(_ element: MapElementType) -> [Float] {
        let found = GuardedFloats(count: 5 * rows.stride(element))
        kernel(
          ElementwiseRun(
            input: rows.pointers(element)[0], output: found.start, count: found.count, element: element),
          other.pointers(element)[0])
        return found.values
      }
      let found = results(.float32)
      for (index, value) in found.enumerated() {
        let (pixel, channel) = index.quotientAndRemainder(dividingBy: rows.channels)
        let (expected, magnitude) = definition(rows[0, pixel, channel], other[0, pixel, channel], channel)
        Comparisons.expectNear(
          value, expected, within: magnitude.isFinite ? count * 0x1p-24 * magnitude : 0,
          "\(what), pixel \(pixel), channel \(channel)")
      }
      Comparisons.expectEqual(
        PackedLayout(width: CountedKernels.vectorWidth).values(results(.bfloat16)), PackedLayout.rounded(found),
        "packed \(what)")
    }
    expect(
      "sum", terms: 1, kernel: { CountedKernels.add($0, $1) },
      definition: { x, y, _ in (x + y, (x + y).magnitude) })
    expect(
      "normalization", terms: 4,
      kernel: { line, _ in CountedKernels.normalize(line, scale: factors, shift: terms, channels: rows.channels) },
      definition: { x, _, channel in
        let (product, term) = (x * Double(factors[channel]), Double(terms[channel]))
        return (product + term, product.magnitude + term.magnitude)
      })
    expect(
      "parametric rectifier", terms: 2,
      kernel: { line, _ in CountedKernels.parametricRelu(line, slopes: factors, channels: rows.channels) },
      definition: { x, _, channel in
        let value = x > 0 ? x : x * Double(factors[channel])
        return (value, value.magnitude)
      })
    for function in Binary.allCases {
      for isRepeated in [false, true] {
        expect(
          "pairs by \(function.name)", terms: 1,
          kernel: { line, other in
            let words = rows.stride(line.element)
            CountedKernels.combine(
              BinaryRun(
                function, first: BinaryRun.Side(line.input, stride: words, element: line.element),
                second: isRepeated
                  ? BinaryRun.Side(kept(factors), stride: 0, element: .float32)
                  : BinaryRun.Side(other, stride: words, element: line.element),
                output: line.output, element: line.element, words: words, pixels: 5))
          },
          definition: { x, y, channel in
            let value = function(x, isRepeated ? Double(factors[channel]) : y)
            return (value, value.magnitude)
          })
      }
    }
  }

  // MARK: Softmax

  private static func expectSoftmax(_ random: inout RandomValues) {
    for channels in [1, 2, 3, 4, 5, 8, 15, 16, 17, 33, 1000] {
      for factor: Float in [1, 30, 1e30] {
        let values = random.floats(channels).map { $0 * factor }
        let top = Double(values.max()!)
        let powers = values.map { Activation.exponential(Double($0) - top) }
        let sum = powers.reduce(0, +)
        for (index, value) in softmax(values).enumerated() {
          let expected = powers[index] / sum
          // The distance to the largest value is rounded too.
          let distance = min(104, top - Double(values[index]))
          Comparisons.expectNear(
            value, expected, within: (Double(channels) + 8 + distance) * 0x1p-24 * expected + 0x1p-148,
            "softmax of \(channels), value \(index)")
        }
      }
      var odd = random.floats(channels)
      odd[channels / 2] = .nan
      Comparisons.expect(softmax(odd).allSatisfy { $0.isNaN }, "softmax of \(channels) with a NaN")
    }
  }

  private static func softmax(_ values: [Float]) -> [Float] {
    let width = CountedKernels.vectorWidth
    let line = GuardedFloats(values + [Float](repeating: 7, count: (width - values.count % width) % width))
    CountedKernels.softmax(ElementwiseRun(input: line.start, output: line.start, count: values.count))
    Comparisons.expect(line.values[values.count...].allSatisfy { $0 == 0 || $0.isNaN }, "padding of a softmax")
    return Array(line.values[..<values.count])
  }

  // MARK: Pixels

  /// A pixel alone, and the channels of two that are joined.
  private static func expectPixels(_ random: inout RandomValues) {
    let (width, group) = (CountedKernels.vectorWidth, CountedKernels.panelWidth)
    let layout = PackedLayout(width: width)
    func pack(_ values: [Float]) -> GuardedFloats {
      let input = GuardedFloats(values)
      let words = GuardedFloats(count: (values.count + group - 1) / group * width)
      CountedKernels.pack(input.start, to: words.start, channels: values.count)
      return words
    }
    for channels in 1...4 * group + 1 {
      let values = random.floats(channels)
      let words = pack(values)
      let padding = [Float](repeating: 0, count: (group - channels % group) % group)
      Comparisons.expectEqual(layout.values(words.values), PackedLayout.rounded(values + padding), "packed pixel")
      let more = random.floats(random.count(1...40))
      let joined = GuardedFloats(count: channels + more.count)
      CountedKernels.unpack(words.start, to: joined.start, channels: channels)
      let other = pack(more)
      CountedKernels.unpack(other.start, to: joined.start + channels, channels: more.count)
      Comparisons.expectEqual(joined.values, PackedLayout.rounded(values + more), "joined pixels")
    }
  }

  /// Halves between two bf16 values, the largest float, infinities and NaNs whose payload is in the lower half only.
  private static func expectRounding() {
    let patterns: [UInt32] = [
      0, 0x8000_0000, 0x3f80_0000, 0x3f80_8000, 0x3f81_8000, 0x3f80_7fff, 0x3f80_8001, 0xbf80_8000, 0xbf81_8000,
      0x7f7f_7fff, 0x7f7f_8000, 0x7f7f_ffff, 0xff7f_ffff, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0xffc0_0000,
      0x7f80_0001, 0xff80_0001, 0x7fff_ffff, 0xffff_ffff, 1, 0x8000_0001, 0x0000_8001, 0x007f_ffff,
    ]
    let group = CountedKernels.panelWidth
    let layout = PackedLayout(width: CountedKernels.vectorWidth)
    for first in patterns.indices {
      let values = (0..<group).map { Float(bitPattern: patterns[(first + $0) % patterns.count]) }
      let words = GuardedFloats(count: group / 2)
      CountedKernels.pack(values, to: words.start, channels: group)
      Comparisons.expectEqual(layout.values(words.values), PackedLayout.rounded(values), "rounding to bf16")
    }
  }
}

extension Binary {
  fileprivate var name: StaticString {
    switch self {
    case .sum: "sum"
    case .difference: "difference"
    case .product: "product"
    case .quotient: "quotient"
    case .maximum: "maximum"
    case .minimum: "minimum"
    }
  }

  /// The function's definition.
  fileprivate func callAsFunction(_ a: Double, _ b: Double) -> Double {
    if a.isNaN || b.isNaN { return .nan }
    return switch self {
    case .sum: a + b
    case .difference: a - b
    case .product: a * b
    case .quotient: a / b
    case .maximum: max(a, b)
    case .minimum: min(a, b)
    }
  }
}
