import ModelGraph

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension Activation {
  /// The function's value, in double precision.
  func referenceValue(of x: Double) -> Double {
    switch self {
    case .identity: x
    case .relu: max(x, 0)
    case .relu6: min(max(x, 0), 6)
    case .elu(let alpha): x > 0 ? x : Double(alpha) * expm1(x)
    case .sigmoid: 1 / (1 + exp(-x))
    }
  }
}

extension ReferenceExecutor {
  static func batchNormalization(
    _ normalization: BatchNormalization, _ input: [Float], channels: Int, weights: [[Float]]
  ) -> [Float] {
    var remaining = weights[...]
    let gamma = normalization.hasGamma ? remaining.removeFirst() : nil
    let beta = normalization.hasBeta ? remaining.removeFirst() : nil
    let mean = remaining.removeFirst()
    let variance = remaining.removeFirst()
    return input.enumerated().map { index, x in
      let channel = index % channels
      let deviation = (Double(variance[channel]) + Double(normalization.epsilon)).squareRoot()
      let normal = (Double(x) - Double(mean[channel])) / deviation
      return Float(normal * Double(gamma?[channel] ?? 1) + Double(beta?[channel] ?? 0))
    }
  }

  /// Over the channels of each position, relative to their largest value so that no exponential overflows.
  static func softmax(_ input: [Float], channels: Int) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(input.count)
    for start in stride(from: 0, to: input.count, by: channels) {
      let scores = input[start..<start + channels]
      let largest = Double(scores.max() ?? 0)
      let exponentials = scores.map { exp(Double($0) - largest) }
      let sum = exponentials.reduce(0, +)
      result += exponentials.map { Float($0 / sum) }
    }
    return result
  }

  static func sum(_ inputs: [[Float]]) -> [Float] {
    inputs[0].indices.map { index in Float(inputs.reduce(0.0) { $0 + Double($1[index]) }) }
  }

  /// Along the channels of each position.
  static func concatenation(_ inputs: [[Float]], _ shapes: [Shape]) -> [Float] {
    let positions = inputs[0].count / shapes[0].channels
    var result: [Float] = []
    result.reserveCapacity(inputs.reduce(0) { $0 + $1.count })
    for position in 0..<positions {
      for (input, shape) in zip(inputs, shapes) {
        result += input[position * shape.channels..<(position + 1) * shape.channels]
      }
    }
    return result
  }
}
