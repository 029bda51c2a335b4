import ModelGraph

extension ReferenceExecutor {
  /// The largest value under the window; padding takes no part.
  static func maxPool(_ window: Window, _ input: [Float], _ shape: Shape) -> [Float] {
    let channels = shape.channels
    let positions = ReferenceWindow(window, on: shape.extent)
    var result = [Float](repeating: 0, count: positions.outputCount * channels)
    positions.forEachPosition { position, taps in
      for channel in 0..<channels {
        var largest = -Float.infinity
        for tap in taps { largest = max(largest, input[tap.source * channels + channel]) }
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

  static func globalAveragePool(_ input: [Float], channels: Int) -> [Float] {
    let positions = input.count / channels
    var sums = [Double](repeating: 0, count: channels)
    for position in 0..<positions {
      for channel in 0..<channels { sums[channel] += Double(input[position * channels + channel]) }
    }
    return sums.map { Float($0 / Double(positions)) }
  }
}
