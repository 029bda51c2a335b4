/// How an image becomes the network's input: resized, cropped, and its values scaled.
///
/// A model is trained with one preprocessing and is wrong with any other, so the model file records it.
public struct Preprocessing: Hashable, Sendable {
  /// The resampling filter.
  public enum Filter: String, Hashable, Sendable, CaseIterable {
    case nearest, bilinear
    /// Cubic convolution; see `Preprocessing.antialias` for its coefficient.
    case bicubic
  }

  /// What part of the image is used.
  public enum Geometry: Hashable, Sendable {
    /// The whole image, stretched to the input size.
    case stretch
    /// The image is resized so that its shorter side has this many pixels, and the centre is cut out.
    case centerCrop(shorterSide: Int)
  }

  public enum ChannelOrder: String, Hashable, Sendable, CaseIterable {
    case rgb, bgr
  }

  public var filter: Filter
  /// Whether the filter widens when shrinking, as Pillow's does (bicubic coefficient -0.5). Without it the filter reads its
  /// nearest neighbours only, as `tf.image.resize` does (half-pixel centres; bicubic coefficient -0.75 in OpenCV, -0.5 in TensorFlow).
  public var antialias: Bool
  public var geometry: Geometry
  public var channelOrder: ChannelOrder
  /// An input value is `(pixel / divisor - mean) / standardDeviation`, with pixels of 0 to 255.
  public var divisor: Float
  /// Per channel, in the order of `channelOrder`.
  public var mean: [Float]
  public var standardDeviation: [Float]

  public init(
    filter: Filter, antialias: Bool, geometry: Geometry, channelOrder: ChannelOrder = .rgb,
    divisor: Float, mean: [Float], standardDeviation: [Float]
  ) {
    self.filter = filter
    self.antialias = antialias
    self.geometry = geometry
    self.channelOrder = channelOrder
    self.divisor = divisor
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// As `keras.applications.xception` is used: nearest neighbour (the default of `load_img`), no crop, `x / 127.5 - 1`.
  public static let keras = Preprocessing(
    filter: .nearest, antialias: false, geometry: .stretch, divisor: 127.5, mean: [1, 1, 1],
    standardDeviation: [1, 1, 1])

  /// As timm's `legacy_xception` is used: shorter side 333, Pillow's bicubic filter, centre crop, mean and standard
  /// deviation 0.5.
  public static let timm = Preprocessing(
    filter: .bicubic, antialias: true, geometry: .centerCrop(shorterSide: 333), divisor: 255, mean: [0.5, 0.5, 0.5],
    standardDeviation: [0.5, 0.5, 0.5])
}
