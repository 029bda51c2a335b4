/// The parts of a preprocessing that somebody states; what is nil stays as it is.
package struct PreprocessingChange: Sendable {
  package var filter: Preprocessing.Filter?
  package var antialias: Bool?
  package var geometry: Preprocessing.Geometry?
  package var channelOrder: Preprocessing.ChannelOrder?
  package var divisor: Float?
  /// One number for all channels, or one for each; as is the deviation.
  package var mean: [Float]?
  package var standardDeviation: [Float]?

  package init() {}

  /// Whether a number is stated by which values are scaled.
  package var changesScaling: Bool { divisor != nil || mean != nil || standardDeviation != nil }

  /// Whether nothing of the scaling is left to assume but the order of the channels.
  package var statesScaling: Bool { divisor != nil && mean != nil && standardDeviation != nil }

  package var statesResizing: Bool { filter != nil && geometry != nil }

  package func apply(to preprocessing: inout Preprocessing) {
    if let filter { preprocessing.filter = filter }
    if let antialias { preprocessing.antialias = antialias }
    if let geometry { preprocessing.geometry = geometry }
    if let channelOrder { preprocessing.channelOrder = channelOrder }
    if let divisor { preprocessing.divisor = divisor }
    let counts = [mean, standardDeviation].compactMap { $0?.count }
    if let count = counts.max(), count > 1, let fitting = preprocessing.replicated(channels: count) {
      preprocessing = fitting
    }
    let channels = preprocessing.mean.count
    func forEachChannel(_ values: [Float]) -> [Float] {
      values.count == 1 ? Array(repeating: values[0], count: channels) : values
    }
    if let mean { preprocessing.mean = forEachChannel(mean) }
    if let standardDeviation { preprocessing.standardDeviation = forEachChannel(standardDeviation) }
  }
}
