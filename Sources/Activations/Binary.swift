/// An elementwise function of two values: like an activation, one value from the graph to the kernels.
///
/// Shapes are equal, or one side is repeated along the dimensions in which it has 1 and the other more; a vector beside a map
/// is a map of 1 x 1 positions. So a vector scales the channels of a map (squeeze-and-excite), and a map of one channel
/// its positions.
@frozen
public enum Binary: String, Hashable, Sendable, CaseIterable {
  case sum, difference, product, quotient, maximum, minimum
}
