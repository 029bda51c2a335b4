/// The arithmetic that a network's matrix products run in.
public enum Precision: String, Hashable, Sendable, CaseIterable {
  case float32 = "fp32"
  /// Weights, and what is multiplied with them, rounded to bfloat16; sums in fp32.
  case bfloat16 = "bf16"
  /// Weights as integers of -127 to 127 with a scale for each output channel, and what is multiplied with them with a scale
  /// for each pixel, which is found as the network runs; sums in int32.
  case int8
}
