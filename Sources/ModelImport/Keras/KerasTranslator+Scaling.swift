import ModelGraph

/// Rescaling layers at the start of a model are left to the preprocessing.
extension KerasTranslator {
  /// `x * scale + offset`.
  func rescaled(_ input: Value, by layer: KerasLayer) throws(ImportError) -> Value {
    guard let factors = layer.numbers("scale") else { throw layer.unexpected("scale", "numbers") }
    guard let offsets = layer.numbers("offset") else { throw layer.unexpected("offset", "numbers") }
    return try scaled(input, by: layer, factors: factors, offsets: offsets)
  }

  /// `(x - mean) / max(sqrt(variance), 1e-7)`, the moments being options or weights.
  mutating func normalized(
    _ input: Value, by layer: KerasLayer, _ address: WeightAddress
  ) throws(ImportError) -> Value {
    try layer.requireLastAxis(of: builder.shape(of: input.node))
    try layer.require("invert", .bool(false), default: .bool(false))
    var mean = layer.numbers("mean")
    var variance = layer.numbers("variance")
    if mean == nil || variance == nil {
      let weights = try take(address, [VariableName.mean, VariableName.variance, VariableName.count])
      try checkVariance(weights[1], of: address.layer)
      mean = try weights[0].doubles()
      variance = try weights[1].doubles()
    }
    guard let mean, let variance, variance.allSatisfy({ $0 >= 0 }), mean.count == variance.count else {
      throw layer.unexpected("variance", "as many numbers as its mean has, from 0")
    }
    let deviation = variance.map { max($0.squareRoot(), 1e-7) }
    return try scaled(
      input, by: layer, factors: deviation.map { 1 / $0 }, offsets: zip(mean, deviation).map { -$0 / $1 })
  }

  private func scaled(
    _ input: Value, by layer: KerasLayer, factors: [Double], offsets: [Double]
  ) throws(ImportError) -> Value {
    let channels = builder.shape(of: input.node).channels
    guard input.node == 0, input.border == Border() else {
      throw layer.error("\(layer.className) is known only at the start of a model")
    }
    guard [factors, offsets].allSatisfy({ $0.count == 1 || $0.count == channels }),
      (factors + offsets).allSatisfy(\.isFinite), factors.allSatisfy({ $0 != 0 })
    else { throw layer.error("\(layer.className): its \(factors.count) factors do not fit \(channels) channels") }
    var value = input
    value.scaling = (input.scaling ?? .identity(channels: channels)).then(factors: factors, offsets: offsets)
    return value
  }
}

extension KerasLayer {
  /// An option of one number or of a list, nested or not.
  fileprivate func numbers(_ option: String) -> [Double]? {
    guard var value = config[option] else { return nil }
    while let list = value.array, list.count == 1, list[0].array != nil { value = list[0] }
    if let number = value.number { return [number] }
    guard let list = value.array, !list.isEmpty else { return nil }
    let numbers = list.compactMap(\.number)
    return numbers.count == list.count ? numbers : nil
  }
}
