/// Pairs of values, and where the results go.
public struct BinaryRun {
  /// One side: the values of each pixel, or those of one pixel, repeated.
  public struct Side {
    public var values: UnsafePointer<Float>
    /// From one pixel to the next; 0 where all pixels have the same values.
    public var stride: Int
    /// That of the output, or `float32`.
    public var element: MapElementType

    public init(_ values: UnsafePointer<Float>, stride: Int, element: MapElementType) {
      self.values = values
      self.stride = stride
      self.element = element
    }
  }

  public var function: Binary
  public var first: Side
  public var second: Side
  public var output: UnsafeMutablePointer<Float>
  public var element: MapElementType
  /// The words of a pixel of the output, whole vectors. Where both sides are maps of the same type, a whole row may
  /// count as one pixel.
  public var words: Int
  public var pixels: Int

  public init(
    _ function: Binary, first: Side, second: Side, output: UnsafeMutablePointer<Float>, element: MapElementType,
    words: Int,
    pixels: Int
  ) {
    self.function = function
    self.first = first
    self.second = second
    self.output = output
    self.element = element
    self.words = words
    self.pixels = pixels
  }
}

extension VectorUnit {
  @inlinable @inline(never)
  public static func combine(_ run: BinaryRun) {
    switch run.function {
    case .sum: combine(run) { $0 + $1 }
    case .difference: combine(run) { $0 - $1 }
    case .product: if run.second.stride == 0 { scale(run) } else { combine(run) { $0 * $1 } }
    case .quotient: combine(run) { $0 / $1 }
    case .maximum: combine(run) { maximumOrNaN($0, $1) }
    case .minimum: combine(run) { Vector.zero - maximumOrNaN(Vector.zero - $0, Vector.zero - $1) }
    }
  }

  @inlinable @inline(__always)
  static func combine(_ run: BinaryRun, _ function: (Vector, Vector) -> Vector) {
    switch run.element {
    case .float32: combine(run, .float32, function)
    case .bfloat16: combine(run, .bfloat16, function)
    }
  }

  @inlinable @inline(__always)
  static func combine(_ run: BinaryRun, _ element: MapElementType, _ function: (Vector, Vector) -> Vector) {
    @inline(__always)
    func value(_ side: BinaryRun.Side, _ pixel: Int, _ word: Int, _ part: WordPart) -> Vector {
      let values = side.values + pixel &* side.stride
      return side.element == element ? load(part, values + word) : load(values + channel(of: word, part))
    }
    for pixel in 0..<run.pixels {
      let output = run.output + pixel &* run.words
      for word in stride(from: 0, to: run.words, by: vectorWidth) {
        let result = words(element) { function(value(run.first, pixel, word, $0), value(run.second, pixel, word, $0)) }
        store(result, output + word)
      }
    }
  }

  /// Pixels times the values of one, in a loop of its own without closures: in the general one the compiler calls a
  /// function for each vector, which takes three times as long.
  @inlinable @inline(never)
  static func scale(_ run: BinaryRun) {
    let factors = run.second.values
    for pixel in 0..<run.pixels {
      let input = run.first.values + pixel &* run.first.stride
      let output = run.output + pixel &* run.words
      for word in stride(from: 0, to: run.words, by: vectorWidth) {
        let words = load(input + word)
        switch (run.element, run.second.element) {
        case (.float32, _): store(words * load(factors + word), output + word)
        case (.bfloat16, .float32):
          let (low, high) = (load(factors + 2 &* word), load(factors + (2 &* word &+ vectorWidth)))
          store(packed(Self.low(of: words) * low, Self.high(of: words) * high), output + word)
        case (.bfloat16, .bfloat16):
          let factor = load(factors + word)
          let (low, high) = (Self.low(of: factor), Self.high(of: factor))
          store(packed(Self.low(of: words) * low, Self.high(of: words) * high), output + word)
        }
      }
    }
  }
}
