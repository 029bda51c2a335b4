/// How an image becomes the network's input: resized, cropped or padded, and its values scaled.
///
/// A model is trained with one preprocessing and is wrong with any other, so the model file records it.
public struct Preprocessing: Hashable, Sendable {
  /// The resampling filter.
  public enum Filter: String, Hashable, Sendable, CaseIterable {
    /// The pixel that the result's center falls into, `floor((i + 0.5) * scale)`, exactly as Pillow's `NEAREST` (and so
    /// Keras's `load_img`) finds it; antialiasing changes nothing. Where `(i + 0.5) * scale` is a whole number,
    /// rounding decides, and `tf.image.resize` may take the other neighbor: from 1000 pixels to 150 that is so in 26
    /// columns.
    case nearest
    case bilinear
    /// Keys's cubic convolution with the coefficient -0.5.
    case bicubic
    /// Lanczos's kernel of 3 pixels to either side; with antialiasing Pillow's `LANCZOS`.
    case lanczos3
    /// Lanczos's kernel of 5 pixels to either side.
    case lanczos5
    /// The mean of the part of the image that the result's pixel covers, `tf.image.resize(method="area")`; antialiasing
    /// changes nothing.
    case area
    /// `floor((i + 0.5) * scale)` in single precision, the pixel that `tf.image.resize(method="nearest")` takes, and so
    /// Keras's `Resizing`; antialiasing changes nothing.
    case tensorFlowNearest = "tensorflow-nearest"
  }

  /// What part of the image is used.
  public enum Geometry: Hashable, Sendable {
    /// The whole image, stretched to the input size.
    case stretch
    /// The image is resized so that its shorter side has this many pixels and the longer one as many as keep the
    /// proportions, less its fraction; then the center is cut out, which starts at half of what is left over, rounded
    /// to the even one of two equally near numbers. So do torchvision's `Resize` and `CenterCrop`, and timm with them.
    /// The number is at least the input's sides and at most 16,384.
    case centerCrop(shorterSide: Int)
    /// The largest part that has the input's proportions, in the middle of the image, is cut out, then resized. So do Keras's
    /// `Resizing(crop_to_aspect_ratio=True)`, `smart_resize` and `image_dataset_from_directory(crop_to_aspect_ratio=True)`.
    case cropToAspectRatio
    /// The whole image in its proportions, in the middle of the input; what is left over is black, pixels of 0 before
    /// they are scaled.
    case pad(Padding)
  }

  /// When the black around an image is added.
  public enum Padding: String, Hashable, Sendable, CaseIterable {
    /// The image gets the input's proportions first, and the whole is resized: the filter blends the image's border with
    /// black. So does Keras 3's `Resizing(pad_to_aspect_ratio=True)`. Both ends get equally many pixels, one too few in
    /// all where their number is odd.
    case before
    /// The image is resized to fit, a side at least one pixel long, and what is left over is filled. So do
    /// `tf.image.resize_with_pad` and with it Keras 3's `image_dataset_from_directory(pad_to_aspect_ratio=True)`.
    case after
  }

  /// Far above any sensible one: the work of finding an image's part in a longer side grows with it.
  package static let largestShorterSide = 1 << 14

  /// The order of a pixel's colors. Where the network takes alpha too, that comes last.
  public enum ChannelOrder: String, Hashable, Sendable, CaseIterable {
    case rgb, bgr
  }

  public var filter: Filter
  /// Whether the filter widens when the image shrinks.
  ///
  /// With antialiasing the result is exactly that of Pillow's `resize`, which works along rows first, rounds to 8 bits
  /// after each direction and cuts off the bicubic filter's overshoot there. (Pillow 13 works along columns first where
  /// the height shrinks much more than the width: values then differ by one gray level, single bicubic ones by up to
  /// 5.) `tf.image.resize(antialias=True)` is the same convolution unrounded: within one gray level but for bicubic
  /// values beside clipped ones, where 5.3 was seen, and Lanczos's, which are farther. Of pictures with alpha, for networks that take it, colors count by
  /// their alpha, as for Pillow; for TensorFlow all count alike.
  ///
  /// Without antialiasing the filter reads the two, four, six or ten nearest pixels along each side, and the result is that of
  /// `tf.image.resize` (half-pixel centers): fractions stay, and the overshoot leaves 0...255. OpenCV's bicubic filter,
  /// with the coefficient -0.75, is neither.
  public var antialias: Bool
  public var geometry: Geometry
  public var channelOrder: ChannelOrder
  /// An input value is `(pixel / divisor - mean) / standardDeviation`, with pixels of 0 to 255, computed in single
  /// precision in this order, as Keras and PyTorch do. Positive and finite, as must be the input values it gives.
  public var divisor: Float
  /// Per channel, in the order of `channelOrder`, alpha included; finite.
  public var mean: [Float]
  /// Per channel, in the order of `channelOrder`; positive and finite.
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

  /// As `keras.applications.xception` is used: nearest neighbor (the default of `load_img`), no crop, `x / 127.5 - 1`.
  public static let keras = Preprocessing(
    filter: .nearest, antialias: false, geometry: .stretch, divisor: 127.5, mean: [1, 1, 1],
    standardDeviation: [1, 1, 1])

  /// As a TensorFlow input pipeline usually is: `tf.image.resize` with its defaults, no crop, `x / 127.5 - 1`.
  public static let tensorFlow = Preprocessing(
    filter: .bilinear, antialias: false, geometry: .stretch, divisor: 127.5, mean: [1, 1, 1],
    standardDeviation: [1, 1, 1])

  /// As timm's `legacy_xception` is used: shorter side 333, Pillow's bicubic filter, center crop, mean and standard
  /// deviation 0.5.
  public static let timm = Preprocessing(
    filter: .bicubic, antialias: true, geometry: .centerCrop(shorterSide: 333), divisor: 255, mean: [0.5, 0.5, 0.5],
    standardDeviation: [0.5, 0.5, 0.5])
}
