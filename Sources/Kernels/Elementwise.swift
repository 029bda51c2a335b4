/// Values in a row of memory, and where the results go: elsewhere, or to the same place.
public struct Line {
  public var input: UnsafePointer<Float>
  public var output: UnsafeMutablePointer<Float>
  /// Words; of packed values whole vectors.
  public var count: Int
  public var element: MapElement

  public init(
    input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, count: Int, element: MapElement = .float32
  ) {
    self.element = element
    self.input = input
    self.output = output
    self.count = count
  }
}

/// A function of one value.
public enum Elementwise: Sendable {
  case clamp(floor: Float, ceiling: Float)
  /// x where x > 0, else alpha * (exp(x) - 1)
  case elu(alpha: Float)
  case sigmoid
}

extension VectorUnit {
  @inlinable @inline(never)
  public static func activate(_ line: Line, _ function: Elementwise) {
    switch function {
    case .clamp(let floor, let ceiling):
      let floor = Vector(repeating: floor)
      let ceiling = Vector(repeating: ceiling)
      map(line) { minimum(ceiling, maximum(floor, $0)) }
    case .elu(let alpha):
      let one = Vector(repeating: 1)
      map(line) { x in maximum(.zero, x) + (exponential(minimum(.zero, x)) - one) * alpha }
    case .sigmoid:
      let one = Vector(repeating: 1)
      map(line) { x in one / (one + exponential(Vector.zero - x)) }
    }
  }

  @inlinable @inline(__always)
  static func map(_ line: Line, _ function: (Vector) -> Vector) {
    switch line.element {
    case .float32: map(line, .float32, function)
    case .bfloat16: map(line, .bfloat16, function)
    }
  }

  @inlinable @inline(__always)
  static func map(_ line: Line, _ element: MapElement, _ function: (Vector) -> Vector) {
    for offset in stride(from: 0, to: line.count, by: vectorWidth) {
      store(words(element) { function(load($0, line.input + offset)) }, line.output + offset)
    }
  }

  @inlinable @inline(never)
  public static func add(_ line: Line, _ other: UnsafePointer<Float>) {
    switch line.element {
    case .float32: add(line, other, .float32)
    case .bfloat16: add(line, other, .bfloat16)
    }
  }

  @inlinable @inline(__always)
  static func add(_ line: Line, _ other: UnsafePointer<Float>, _ element: MapElement) {
    for offset in stride(from: 0, to: line.count, by: vectorWidth) {
      store(words(element) { load($0, line.input + offset) + load($0, other + offset) }, line.output + offset)
    }
  }

  /// `x * scale + shift` of pixels of `channels` values, a multiple of `vectorWidth`, and of packed ones of `panelWidth`.
  @inlinable @inline(never)
  public static func normalize(
    _ line: Line, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, channels: Int
  ) {
    switch line.element {
    case .float32: normalize(line, scale, shift, channels, .float32)
    case .bfloat16: normalize(line, scale, shift, channels, .bfloat16)
    }
  }

  @inlinable @inline(__always)
  static func normalize(
    _ line: Line, _ scale: UnsafePointer<Float>, _ shift: UnsafePointer<Float>, _ channels: Int, _ element: MapElement
  ) {
    let words = groups(channels, element)
    for pixel in stride(from: 0, to: line.count, by: words) {
      for word in stride(from: 0, to: words, by: vectorWidth) {
        let result = Self.words(element) { part in
          let channel = part == .whole ? word : part == .low ? 2 &* word : 2 &* word &+ vectorWidth
          let product = load(part, line.input + (pixel &+ word)) * load(scale + channel)
          return product + load(shift + channel)
        }
        store(result, line.output + (pixel &+ word))
      }
    }
  }

  /// The exponentials of a line of floats divided by their sum; each is taken of the distance to the largest value.
  ///
  /// The line need not be a multiple of `vectorWidth`, but its memory must be padded to it; the padding becomes zero.
  @inlinable @inline(never)
  public static func softmax(_ line: Line) {
    var largest = Vector(repeating: -.infinity)
    var sum = Vector.zero
    func value(_ offset: Int) -> Vector {
      var value = load(line.input + offset)
      for lane in 0..<vectorWidth where offset &+ lane >= line.count { value[lane] = -.infinity }
      return value
    }
    for offset in stride(from: 0, to: line.count, by: vectorWidth) { largest = maximum(largest, value(offset)) }
    var top = largest[0]
    for lane in 1..<vectorWidth { top = max(top, largest[lane]) }
    for offset in stride(from: 0, to: line.count, by: vectorWidth) {
      var power = exponential(value(offset) - top)
      for lane in 0..<vectorWidth where offset &+ lane >= line.count { power[lane] = 0 }
      sum += power
      store(power, line.output + offset)
    }
    var total: Float = 0
    for lane in 0..<vectorWidth { total += sum[lane] }
    for offset in stride(from: 0, to: line.count, by: vectorWidth) {
      store(load(line.output + offset) / total, line.output + offset)
    }
  }

  /// e to the power of x, within 2 units in the last place for x from -87 to 88 and clamped to that range.
  ///
  /// x = n ln 2 + r with |r| <= ln 2 / 2; a polynomial gives e^r (S. Moshier, Cephes, `expf`), and n goes into the exponent.
  @inlinable @inline(__always)
  static func exponential(_ x: Vector) -> Vector {
    let x = minimum(Vector(repeating: 88), maximum(Vector(repeating: -87), x))
    // Adding 1.5 * 2^23 rounds to an integer, which stays in the low bits of the sum.
    let shifted = x * 0x1.715476p+0 + 0x1.8p+23
    let n = shifted - 0x1.8p+23
    let r = x - n * 0.693359375 - n * -2.12194440e-4
    var power = Vector(repeating: 1.9875691500e-4)
    power = power * r + 1.3981999507e-3
    power = power * r + 8.3334519073e-3
    power = power * r + 4.1665795894e-2
    power = power * r + 1.6666665459e-1
    power = power * r + 5.0000001201e-1
    power = power * (r * r) + r + 1
    let exponent = unsafeBitCast(shifted, to: Integers.self) &<< Integers(repeating: 23)
    return unsafeBitCast(unsafeBitCast(power, to: Integers.self) &+ exponent, to: Vector.self)
  }
}
