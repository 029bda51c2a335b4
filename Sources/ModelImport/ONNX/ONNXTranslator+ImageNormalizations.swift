import ModelGraph

/// Normalizations that are expressed by several operations of the graph.
extension ONNXTranslator {
  /// Each channel minus its mean over the image, divided by its deviation, times a factor, plus a summand.
  mutating func instanceNormalization(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let feature = try operation.feature(0)
    let rank = feature.sizes.count
    guard rank > 2 else { throw operation.error("normalizes a value of \(feature.sizes), expected a map") }
    let input = try operation.value(0)
    let positions = Array(2..<rank)
    func mean(of value: ONNXValue, _ translator: inout ONNXTranslator) throws(ImportError) -> ONNXValue {
      guard case .feature(let feature) = value else { return value }
      return try translator.reduced(.average, feature, positions, keepsDimensions: true, operation)
    }
    let centered = try combined(.difference, input, try mean(of: input, &self), operation)
    let variance = try mean(of: try combined(.product, centered, centered, operation), &self)
    let epsilon = try operation.float("epsilon", default: 1e-5)
    guard case .feature(let sum) = try combined(.sum, variance, .scalar(epsilon), operation) else { return input }
    let deviation = try applying(.squareRoot, to: sum, named: operation.name)
    var result = try combined(.quotient, centered, deviation, operation)
    for (index, kind) in [(1, Binary.product), (2, Binary.sum)] {
      let weights = try operation.requireConstant(index)
      guard weights.dimensions == [feature.sizes[1]] else {
        throw operation.error("has weights of \(weights.dimensions), expected [\(feature.sizes[1])]")
      }
      let spread = try weights.reshaped([weights.elementCount] + positions.map { _ in 1 })
      result = try combined(kind, result, .constant(spread), operation)
    }
    return result
  }

  /// AlexNet's: `x / (bias + alpha / size * s)^beta`, where `s` sums the squares of the neighboring channels: a product with a
  /// matrix of a band of ones.
  mutating func localResponseNormalization(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    let input = try operation.value(0)
    let feature = try operation.feature(0)
    guard let size = try operation.int("size"), size > 0, feature.sizes.count == 4 else {
      throw operation.error("has no size, or normalizes a value of \(feature.sizes), expected a map")
    }
    let channels = feature.sizes[1]
    guard channels <= Limits.window else { throw operation.error("normalizes \(channels) channels") }
    let alpha = try operation.float("alpha", default: 1e-4) / Float(size)
    let bias = try operation.float("bias", default: 1)
    guard case .feature(let squares) = try combined(.product, input, input, operation) else { return input }
    let (node, _) = try mapNode(squares, named: operation.name)
    let (before, after) = ((size - 1) / 2, size / 2)
    var band = [Float](repeating: 0, count: channels * channels)
    for output in 0..<channels {
      for source in max(0, output - before)...min(channels - 1, output + after) {
        band[source * channels + output] = alpha
      }
    }
    let sums = try append(
      operation.name + "/sums",
      .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: channels, hasBias: true)), [node],
      weights: [
        ONNXConstant(dimensions: [1, 1, channels, channels], values: .floats(band)),
        ONNXConstant(dimensions: [channels], values: .floats([Float](repeating: bias, count: channels))),
      ])
    let divisor = ONNXFeature(node: sums, layout: DimensionLayout(map: builder.shape(of: sums)))
    let power = try raised(divisor, to: try operation.float("beta", default: 0.75), operation)
    return try combined(.quotient, input, power, operation)
  }

  /// Powers that can be made from square roots: `v^0.75` is `sqrt(v) * sqrt(sqrt(v))`.
  private mutating func raised(
    _ feature: ONNXFeature, to exponent: Float, _ operation: ONNXOperation
  ) throws(ImportError) -> ONNXValue {
    guard [0.5, 0.75, 1].contains(exponent) else {
      throw operation.error("has the beta \(exponent), expected 0.5, 0.75 or 1")
    }
    if exponent == 1 { return .feature(feature) }
    let root = try applying(.squareRoot, to: feature, named: operation.name)
    guard exponent == 0.75, case .feature(let half) = root else { return root }
    return try combined(.product, root, try applying(.squareRoot, to: half, named: operation.name), operation)
  }

  /// Between types of floating point, as `cast`.
  mutating func castLike(_ operation: ONNXOperation) throws(ImportError) -> ONNXValue {
    if case .constant(let like) = try operation.value(1), like.isInteger {
      throw operation.error("makes whole numbers of a value that depends on the image")
    }
    if case .constant(let constant) = try operation.value(0) {
      return .constant(ONNXConstant(dimensions: constant.dimensions, values: .floats(try constant.floats())))
    }
    return .feature(try operation.feature(0))
  }
}
