extension Graph {
  /// The precision that the weights were stored for: that of the coarsest of them.
  package var precision: Precision {
    let types = Set(tensors.map(\.elementType))
    return types.contains(.int8) ? .int8 : types.contains(.bfloat16) ? .bfloat16 : .float32
  }
}
