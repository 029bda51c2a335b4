/// One class of a classification, with how likely the network holds it to be.
public struct Prediction: Hashable, Sendable {
  /// The index of the class among the network's outputs, from 0.
  public let classIndex: Int
  /// The name of the class, where the model file has labels.
  public let label: String?
  /// From 0 to 1. The probabilities of all classes add up to 1, unless the network judges each label on its own (sigmoid).
  public let probability: Float
}

/// What one pass through the network says about an image.
public struct Classification: Sendable {
  /// The most probable classes, in falling order.
  public let predictions: [Prediction]
  /// The values entering the classifier: for Xception the 2,048 channel means of the last feature map. Two images are
  /// alike where the cosine of their features is near 1. Empty for a network without a dense layer.
  public let features: [Float]
  /// Where the time went.
  public let durations: Durations

  public struct Durations: Sendable {
    /// Reading and decoding the image.
    public let decode: Duration
    /// Resizing, cropping and scaling it.
    public let preprocess: Duration
    /// Running the network.
    public let inference: Duration
  }
}
