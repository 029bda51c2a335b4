internal import ModelGraph

extension Classifier {
  /// The score of a class as the sum of what each position of the last map adds to it.
  ///
  /// The mean of a channel is a sum over positions, so at each position the gradient by the channel is that by the mean,
  /// divided by the number of positions, and Grad-CAM's mean of the gradients is what it is the mean of. With one dense layer
  /// the values add up to the class's logit, but for its bias.
  ///
  /// - Parameter map: The values before the last pooling, height x width x channels.
  func activationMap(of classIndex: Int, _ map: [Float]) throws(ClassifierError) -> Evidence.Grid {
    guard case .map(let height, let width, let channels) = network.plan.mapShape, map.count == height * width * channels
    else { preconditionFailure("classifiers without a last map keep the input") }
    let positions = height * width
    var means = [Double](repeating: 0, count: channels)
    for position in 0..<positions {
      for channel in 0..<channels { means[channel] += Double(map[position * channels + channel]) }
    }
    for channel in means.indices { means[channel] /= Double(positions) }
    // The one output of a yes/no classifier speaks for yes.
    let isNo = kind == .yesNo && classIndex == 0
    let gradient = try pooledHead().gradient(ofOutput: kind == .yesNo ? 0 : classIndex, at: means)
    let factor = (isNo ? -1 : 1) / Double(positions)
    let values = (0..<positions).map { position in
      var sum = 0.0
      for channel in 0..<channels { sum += gradient[channel] * Double(map[position * channels + channel]) }
      return sum * factor
    }
    return Evidence.Grid(width: width, height: height, values: values)
  }
}
