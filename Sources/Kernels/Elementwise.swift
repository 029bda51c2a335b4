/// A line of values in memory, and where the results go: elsewhere, or to the same place.
public struct ElementwiseRun {
  public var input: UnsafePointer<Float>
  public var output: UnsafeMutablePointer<Float>
  /// In words; packed values are whole vectors.
  public var count: Int
  public var element: MapElementType

  public init(
    input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, count: Int, element: MapElementType = .float32
  ) {
    self.element = element
    self.input = input
    self.output = output
    self.count = count
  }
}

extension VectorUnit {
  @inlinable @inline(__always)
  static func map(_ line: ElementwiseRun, _ function: (Vector) -> Vector) {
    switch line.element {
    case .float32: map(line, .float32, function)
    case .bfloat16: map(line, .bfloat16, function)
    }
  }

  @inlinable @inline(__always)
  static func map(_ line: ElementwiseRun, _ element: MapElementType, _ function: (Vector) -> Vector) {
    for offset in stride(from: 0, to: line.count, by: vectorWidth) {
      store(words(element) { function(load($0, line.input + offset)) }, line.output + offset)
    }
  }

  @inlinable @inline(never)
  public static func add(_ line: ElementwiseRun, _ other: UnsafePointer<Float>) {
    switch line.element {
    case .float32: add(line, other, .float32)
    case .bfloat16: add(line, other, .bfloat16)
    }
  }

  @inlinable @inline(__always)
  static func add(_ line: ElementwiseRun, _ other: UnsafePointer<Float>, _ element: MapElementType) {
    for offset in stride(from: 0, to: line.count, by: vectorWidth) {
      store(words(element) { load($0, line.input + offset) + load($0, other + offset) }, line.output + offset)
    }
  }

  /// `x * scale + shift` for pixels of `channels` values: a multiple of `vectorWidth`, or of `panelWidth` for packed
  /// ones.
  @inlinable @inline(never)
  public static func normalize(
    _ line: ElementwiseRun, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, channels: Int
  ) {
    // As closures, this function and the next were called for each vector.
    @inline(__always)
    func normalized(_ x: Vector, _ channel: Int) -> Vector {
      let product = x * load(scale + channel)
      return product + load(shift + channel)
    }
    mapChannels(line, channels, normalized)
  }

  @inlinable @inline(never)
  public static func parametricRelu(_ line: ElementwiseRun, slopes: UnsafePointer<Float>, channels: Int) {
    @inline(__always)
    func bent(_ x: Vector, _ channel: Int) -> Vector {
      maximum(.zero, x) + minimum(.zero, x) * load(slopes + channel)
    }
    mapChannels(line, channels, bent)
  }

  /// Calls `function` with each vector of values and the index of its first channel.
  @inlinable @inline(__always)
  static func mapChannels(_ line: ElementwiseRun, _ channels: Int, _ function: (_ x: Vector, _ channel: Int) -> Vector)
  {
    switch line.element {
    case .float32: mapChannels(line, channels, .float32, function)
    case .bfloat16: mapChannels(line, channels, .bfloat16, function)
    }
  }

  @inlinable @inline(__always)
  static func mapChannels(
    _ line: ElementwiseRun, _ channels: Int, _ element: MapElementType,
    _ function: (_ x: Vector, _ channel: Int) -> Vector
  ) {
    let words = groups(channels, element)
    for pixel in stride(from: 0, to: line.count, by: words) {
      for word in stride(from: 0, to: words, by: vectorWidth) {
        let result = Self.words(element) { part in
          function(load(part, line.input + (pixel &+ word)), channel(of: word, part))
        }
        store(result, line.output + (pixel &+ word))
      }
    }
  }

  /// The first channel in a part of a vector of a pixel's words.
  @inlinable @inline(__always)
  static func channel(of word: Int, _ part: WordPart) -> Int {
    switch part {
    case .whole: word
    case .low: 2 &* word
    case .high: 2 &* word &+ vectorWidth
    }
  }

  /// The exponentials of a line of floats, divided by their sum; the largest value is subtracted from each before.
  ///
  /// The line need not be a multiple of `vectorWidth`, but its memory must be padded to it; the padding becomes zero.
  @inlinable @inline(never)
  public static func softmax(_ line: ElementwiseRun) {
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
}
