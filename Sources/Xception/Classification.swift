/// What one pass through the network says about an image.
public struct Classification: Sendable {
  /// The most probable classes, in falling order of their probabilities, as many as were asked for.
  public let predictions: [Prediction]
  /// The probability of each class, in the order of the classes. They add up to 1, except those of independent labels: see
  /// ``Classifier/kind-swift.property``.
  public let probabilities: [Float]
  /// The values entering the classifier: for Xception the 2,048 channel means of the last feature map. Two images are
  /// alike where the cosine of their features is near 1. Empty for a network without a dense layer.
  public let features: [Float]
  /// Where the time went.
  public let durations: Durations
  /// Where heatmaps were asked for.
  var evidence: Evidence?

  public struct Durations: Sendable {
    /// Reading and decoding the image.
    public let decode: Duration
    /// Resizing, cropping and scaling it.
    public let preprocess: Duration
    /// Running the network.
    public let inference: Duration
  }
}
