import ModelGraph

extension ReferenceExecutor {
  /// The largest value under the window, a NaN where there is one; padding takes no part.
  static func maxPool(_ window: Window, _ input: [Float], _ shape: Shape) -> [Float] {
    let channels = shape.channels
    let positions = ReferenceWindow(window, on: shape.extent)
    var result = [Float](repeating: 0, count: positions.outputCount * channels)
    positions.forEachPosition { position, taps in
      for channel in 0..<channels {
        var largest = -Float.infinity
        for tap in taps {
          let value = input[tap.source * channels + channel]
          largest = largest.isNaN || value.isNaN ? .nan : max(largest, value)
        }
        result[position * channels + channel] = largest
      }
    }
    return result
  }

  /// The mean of the values under the window, or their sum divided by the window's size where padding counts.
  static func averagePool(_ pool: AveragePool, _ input: [Float], _ shape: Shape) -> [Float] {
    let channels = shape.channels
    let positions = ReferenceWindow(pool.window, on: shape.extent)
    var result = [Float](repeating: 0, count: positions.outputCount * channels)
    positions.forEachPosition { position, taps in
      let count = pool.countsPadding ? pool.window.size.height * pool.window.size.width : taps.count
      for channel in 0..<channels {
        var sum = 0.0
        for tap in taps { sum += Double(input[tap.source * channels + channel]) }
        result[position * channels + channel] = Float(sum / Double(count))
      }
    }
    return result
  }

  static func globalPool(_ kind: GlobalPool.Kind, _ input: [Float], channels: Int) -> [Float] {
    let positions = input.count / channels
    return (0..<channels).map { channel in
      let values = (0..<positions).lazy.map { Double(input[$0 * channels + channel]) }
      switch kind {
      case .average: return Float(values.reduce(0, +) / Double(positions))
      case .maximum: return Float(values.reduce(-.infinity) { $0.isNaN || $1.isNaN ? .nan : max($0, $1) })
      }
    }
  }
}
