extension Preprocessing {
  /// The same for another number of channels, where all channels are alike; nil where they are not.
  package func replicated(channels: Int) -> Preprocessing? {
    if mean.count == channels { return self }
    guard let first = mean.first, let deviation = standardDeviation.first, mean.allSatisfy({ $0 == first }),
      standardDeviation.allSatisfy({ $0 == deviation })
    else { return nil }
    var result = self
    if channels == 1 { result.channelOrder = .rgb }
    result.mean = Array(repeating: first, count: channels)
    result.standardDeviation = Array(repeating: deviation, count: channels)
    return result
  }
}
