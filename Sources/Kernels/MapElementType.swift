/// How the values of a feature map are stored. All memory is counted in words of four bytes.
public enum MapElementType: Sendable {
  /// One value in each word.
  case float32
  /// Two values in each word; `panelWidth` channels are `vectorWidth` words, and word j holds channel j in its low half
  /// and channel `vectorWidth + j` in its high half. Widened, a vector of words is two vectors of neighbouring
  /// channels: no value moves to another lane.
  case bfloat16
}

/// What a product multiplies: the words of its row panels and of its column panels.
public enum Arithmetic: Sendable, CaseIterable {
  /// fp32 rows times fp32 weights.
  case float32
  /// Words of two bf16 values, in the order of a `MapElementType.bfloat16` map, on both sides; sums in fp32.
  case bfloat16
  /// fp32 rows times bf16 weights, which are widened as they are loaded: a row of a column panel has the word order of
  /// a map.
  case bfloat16Weights
  /// Words of `channelsPerByteWord` integers on both sides; sums in int32. See `QuantizeRun` for the order.
  case int8
  /// Words of two integers of 16 bits on both sides; sums in int32. See `KernelSet.shortLimit`.
  case int16
  /// fp32 rows, one at a time, times weights of a byte, which are widened as they are loaded.
  case int8Weights
}

/// The part of its word that a value takes: all of it, or a half. A kernel computes one vector of channels after the
/// other, and its source is the same for all three.
@frozen
public enum WordPart: Sendable {
  case whole
  case low
  case high
}

extension VectorUnit {
  /// The values in a part of each word.
  @inlinable @inline(__always)
  static func values(_ part: WordPart, of words: Vector) -> Vector {
    switch part {
    case .whole: words
    case .low: low(of: words)
    case .high: high(of: words)
    }
  }

  @inlinable @inline(__always)
  static func load(_ part: WordPart, _ address: UnsafePointer<Float>) -> Vector { values(part, of: load(address)) }

  /// Stores values in a part of each word. The low halves are stored first, and clear the high ones.
  @inlinable @inline(__always)
  static func store(_ values: Vector, _ part: WordPart, _ address: UnsafeMutablePointer<Float>) {
    switch part {
    case .whole: store(values, address)
    case .low: store(packed(values, .zero), address)
    case .high:
      let words = unsafeBitCast(packed(.zero, values), to: Integers.self)
      store(unsafeBitCast(words | unsafeBitCast(load(address), to: Integers.self), to: Vector.self), address)
    }
  }

  /// Words of the values that `value` gives for each of their parts.
  @inlinable @inline(__always)
  static func words(_ element: MapElementType, _ value: (WordPart) -> Vector) -> Vector {
    switch element {
    case .float32: value(.whole)
    case .bfloat16: packed(value(.low), value(.high))
    }
  }

  /// The number of vectors of words for `vectors` vectors of channels; for packed ones, `vectors` is even.
  @inlinable @inline(__always)
  static func groups(_ vectors: Int, _ element: MapElementType) -> Int {
    switch element {
    case .float32: vectors
    case .bfloat16: vectors / 2
    }
  }

  /// Calls `body` with each of `values` vectors of values in order: where its words are, and which part of them it is.
  @inlinable @inline(__always)
  static func forEachVector(
    of values: Int, _ element: MapElementType, _ body: (_ offset: Int, _ part: WordPart) -> Void
  ) {
    switch element {
    case .float32: for offset in stride(from: 0, to: values, by: vectorWidth) { body(offset, .whole) }
    case .bfloat16:
      for first in stride(from: 0, to: values, by: panelWidth) {
        body(first / 2, .low)
        if first &+ vectorWidth < values { body(first / 2, .high) }
      }
    }
  }

  /// Words with all negative values replaced by zero; NaNs are kept.
  @inlinable @inline(__always)
  static func rectified(_ words: Vector, _ element: MapElementType) -> Vector {
    switch element {
    case .float32: return maximum(.zero, words)
    case .bfloat16:
      let low = unsafeBitCast(maximum(.zero, low(of: words)), to: Integers.self)
      let high = unsafeBitCast(maximum(.zero, high(of: words)), to: Integers.self)
      return unsafeBitCast(high | (low &>> Integers(repeating: 16)), to: Vector.self)
    }
  }
}

extension VectorUnit {
  @inlinable @inline(never)
  public static func unpack(_ words: UnsafePointer<Float>, to values: UnsafeMutablePointer<Float>, channels: Int) {
    var channel = 0
    forEachVector(of: channels, .bfloat16) { offset, part in
      let vector = load(part, words + offset)
      if channels &- channel >= vectorWidth {
        store(vector, values + channel)
      } else {
        for lane in 0..<channels &- channel { values[channel &+ lane] = vector[lane] }
      }
      channel &+= vectorWidth
    }
  }

  @inlinable @inline(never)
  public static func pack(_ values: UnsafePointer<Float>, to words: UnsafeMutablePointer<Float>, channels: Int) {
    @inline(__always)
    func vector(_ channel: Int) -> Vector {
      if channels &- channel >= vectorWidth { return load(values + channel) }
      var vector = Vector.zero
      for lane in 0..<max(channels &- channel, 0) { vector[lane] = values[channel &+ lane] }
      return vector
    }
    for channel in stride(from: 0, to: channels, by: panelWidth) {
      store(packed(vector(channel), vector(channel &+ vectorWidth)), words + channel / 2)
    }
  }
}
