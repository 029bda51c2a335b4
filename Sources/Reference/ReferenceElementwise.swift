import ModelGraph

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension ReferenceExecutor {
  static func batchNormalization(
    _ normalization: BatchNormalization, _ input: [Float], channels: Int, weights: [[Float]]
  ) -> [Float] {
    var remaining = weights[...]
    let gamma = normalization.hasGamma ? remaining.removeFirst() : nil
    let beta = normalization.hasBeta ? remaining.removeFirst() : nil
    let mean = remaining.removeFirst()
    let variance = remaining.removeFirst()
    let deviation = variance.map { (Double($0) + Double(normalization.epsilon)).squareRoot() }
    return joined(input.count / channels) { position in
      (0..<channels).map { channel in
        let normal = (Double(input[position * channels + channel]) - Double(mean[channel])) / deviation[channel]
        return Float(normal * Double(gamma?[channel] ?? 1) + Double(beta?[channel] ?? 0))
      }
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

  /// The logarithm of a softmax, whose values need not be positive floats.
  static func logSoftmax(_ input: [Float], channels: Int) -> [Float] {
    stride(from: 0, to: input.count, by: channels).flatMap { start in
      let scores = input[start..<start + channels].map(Double.init)
      let largest = scores.max() ?? 0
      let logarithm = log(scores.reduce(0) { $0 + exp($1 - largest) })
      return scores.map { Float($0 - largest - logarithm) }
    }
  }

  /// Not a number where a score is none, or is infinite.
  static func sparsemax(_ input: [Float], channels: Int) -> [Float] {
    stride(from: 0, to: input.count, by: channels).flatMap { start in
      let scores = input[start..<start + channels].map(Double.init)
      var (running, total, support) = (0.0, 0.0, 0.0)
      for (index, score) in scores.sorted(by: >).enumerated() {
        running += score
        guard score > (running - 1) / Double(index + 1) else { break }
        support += 1
        total += running
      }
      let threshold = scores.allSatisfy { $0 < .infinity } ? (total - 1) / support : .nan
      return scores.map { Float(max($0 - threshold, 0)) }
    }
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

  /// Over the channels of each position.
  static func layerNormalization(
    _ normalization: LayerNormalization, _ input: [Float], channels: Int, weights: [[Float]]
  ) -> [Float] {
    let gamma = normalization.hasGamma ? weights[0] : nil
    let beta = normalization.hasBeta ? weights[weights.count - 1] : nil
    var result: [Float] = []
    result.reserveCapacity(input.count)
    for start in stride(from: 0, to: input.count, by: channels) {
      let values = input[start..<start + channels].map(Double.init)
      let mean = values.reduce(0, +) / Double(channels)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(channels)
      let deviation = (variance + Double(normalization.epsilon)).squareRoot()
      for (channel, value) in values.enumerated() {
        result.append(
          Float((value - mean) / deviation * Double(gamma?[channel] ?? 1) + Double(beta?[channel] ?? 0)))
      }
    }
    return result
  }

  /// Over the channels of each position.
  static func unitNormalization(_ input: [Float], channels: Int) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(input.count)
    for start in stride(from: 0, to: input.count, by: channels) {
      let values = input[start..<start + channels].map(Double.init)
      let norm = max(values.reduce(0) { $0 + $1 * $1 }, 1e-12).squareRoot()
      result += values.map { Float($0 / norm) }
    }
    return result
  }

  static func parametricRelu(_ input: [Float], slopes: [Float]) -> [Float] {
    input.enumerated().map { index, x in
      x > 0 ? x : Float(Double(slopes[index % slopes.count]) * Double(x))
    }
  }
}
