import ModelGraph

/// What a reader makes of a foreign file, before the caller's options are applied.
package struct ForeignModel: Sendable {
  package var graph: Graph
  package var architecture: String
  package var preprocessing: KnownPreprocessing = .unknown
  /// The names of the classes, where the file has them.
  package var labels: [String] = []
  /// What the user should know, a sentence each.
  package var notes: [String] = []
  /// What had to be assumed of anything but preprocessing, a sentence each.
  package var assumptions: [String] = []

  package init(graph: Graph, architecture: String) {
    self.graph = graph
    self.architecture = architecture
  }

  /// Says where a network that somebody built ends in features, which labels would not be taken for.
  mutating func noteFeatures(_ options: ImportOptions) {
    guard options.labels.isEmpty, labels.isEmpty, OutputValues(of: graph).finding == .known(.classLogits),
      graph.endsInFeatures
    else { return }
    notes.append("it ends without a classifier: its \(graph.outputShape.elementCount) values are probably features")
  }
}

/// What a foreign file says about how an image becomes the network's input.
package enum KnownPreprocessing: Hashable, Sendable {
  /// All of it, as a configuration beside the weights does.
  case stated(Preprocessing)
  /// The scaling that the model's first layers did, which are no longer in the graph: preprocessing does it. Resizing is
  /// given only where a layer did that as well.
  case scaled(InputScaling, resizing: InputResizing? = nil)
  /// Only the network's name is known; this is what it was trained with.
  case recognized(Preprocessing, network: String)
  case unknown
}

/// How a layer at a model's start resizes images of any size.
package struct InputResizing: Hashable, Sendable {
  package var filter: Preprocessing.Filter
  package var antialias = false
  package var geometry = Preprocessing.Geometry.stretch

  package init(filter: Preprocessing.Filter) { self.filter = filter }
}

/// An affine function of each channel: `x * factors + offsets`, as layers at a model's start compute it.
package struct InputScaling: Hashable, Sendable {
  /// Of the pixels' channels, before anything else.
  package var channelOrder = Preprocessing.ChannelOrder.rgb
  /// Of each channel, in `channelOrder`.
  package var factors: [Double]
  package var offsets: [Double]

  package init(channelOrder: Preprocessing.ChannelOrder = .rgb, factors: [Double], offsets: [Double]) {
    self.channelOrder = channelOrder
    self.factors = factors
    self.offsets = offsets
  }

  package static func identity(channels: Int) -> InputScaling {
    InputScaling(factors: Array(repeating: 1, count: channels), offsets: Array(repeating: 0, count: channels))
  }

  /// This function, then another of `count` or 1 values each.
  package func then(factors: [Double], offsets: [Double]) -> InputScaling {
    var result = self
    for channel in self.factors.indices {
      let (factor, offset) = (factors[channel % factors.count], offsets[channel % offsets.count])
      result.factors[channel] *= factor
      result.offsets[channel] = self.offsets[channel] * factor + offset
    }
    return result
  }

  /// This function, then its channels in reverse order.
  package func reversed() -> InputScaling {
    InputScaling(
      channelOrder: channelOrder == .rgb ? .bgr : .rgb, factors: factors.reversed(), offsets: offsets.reversed())
  }
}

extension Preprocessing {
  /// Pixel values as they are, for images whose resizing is not known: nearest neighbor, as Keras's `load_img`.
  package static func unscaled(channels: Int = 3) -> Preprocessing {
    Preprocessing(
      filter: .nearest, antialias: false, geometry: .stretch, divisor: 1, mean: Array(repeating: 0, count: channels),
      standardDeviation: Array(repeating: 1, count: channels))
  }

  /// This preprocessing, then a scaling: `((p / divisor - mean) / deviation) * factor + offset`
  /// is `(p / divisor - (mean - offset * deviation / factor)) / (deviation / factor)`.
  func then(_ scaling: InputScaling) -> Preprocessing {
    var result = self
    if scaling.channelOrder == .bgr {
      result.channelOrder = channelOrder == .rgb ? .bgr : .rgb
      result.mean.reverse()
      result.standardDeviation.reverse()
    }
    for channel in mean.indices {
      let deviation = Double(result.standardDeviation[channel]) / scaling.factors[channel]
      result.mean[channel] = Float(Double(result.mean[channel]) - scaling.offsets[channel] * deviation)
      result.standardDeviation[channel] = Float(deviation)
    }
    return result
  }
}
