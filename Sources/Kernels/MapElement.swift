/// How the values of a feature map are stored. All memory is counted in words of four bytes.
public enum MapElement: Sendable {
  /// A word is a value.
  case float32
  /// A word is two values, and `panelWidth` channels are `vectorWidth` words: word j holds channel j in its low half and
  /// channel `vectorWidth + j` in its high half. Widened, a vector of words is two vectors of neighbouring channels: no
  /// value changes its place.
  case bfloat16
}

/// What a product multiplies: the words of its row panels and of its column panels.
public enum Arithmetic: Sendable, CaseIterable {
  /// fp32 rows times fp32 weights.
  case float32
  /// Words of two bf16 values, in the order of a `MapElement.bfloat16` map, on both sides; sums in fp32.
  case bfloat16
  /// fp32 rows times bf16 weights, which are widened as they are loaded: a column panel's row is a map's word order.
  case bfloat16Weights
  /// Words of `channelsPerByteWord` integers on both sides; sums in int32. See `QuantizeRun` for the order.
  case int8
  /// fp32 rows, one at a time, times weights of a byte, which are widened as they are loaded.
  case int8Weights
}
