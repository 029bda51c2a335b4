/// What one of an operation's parameters is for. The raw value is its name, in tensors' names and messages.
package enum ParameterRole: String, Hashable, Sendable, CaseIterable {
  case kernel
  case depthwiseKernel = "depthwise kernel"
  case depthwiseBias = "depthwise bias"
  case pointwiseKernel = "pointwise kernel"
  case bias
  case gamma
  case beta
  case mean
  case variance
  case slope
  /// A constant's.
  case values
}

extension ParameterRole: CustomStringConvertible {
  package var description: String { rawValue }
}
