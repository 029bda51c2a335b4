public import ArgumentParser
public import ModelGraph

/// The options that state or override how an image becomes the network's input, shared by the commands.
package struct PreprocessingArguments: ParsableArguments {
  @Option(
    help: """
      keras: nearest neighbor, stretched, x / 127.5 - 1. tensorflow: the same, but bilinear. caffe: nearest neighbor, \
      stretched, BGR less ImageNet's means. torch: torchvision's bilinear filter with antialias, a center crop of 7/8, \
      ImageNet's means and deviations. timm: bicubic with antialias, a center crop of 0.897, mean and standard deviation \
      0.5. raw: pixel values as they are. The options below change parts of it.
      """)
  package var preprocess: NamedPreprocessing?

  @Option(help: "The filter that resizes images.")
  package var filter: Preprocessing.Filter?

  @Flag(inversion: .prefixedNo, help: "Whether the filter widens when it shrinks an image, as Pillow's does.")
  package var antialias: Bool?

  @Option(help: ArgumentHelp("Resize the shorter side to this many pixels and cut out the center.", valueName: "n"))
  package var cropShorterSide: Int?

  @Flag(
    help: """
      Cut the largest part that has the input's proportions out of the middle, then resize it, as Keras's \
      Resizing(crop_to_aspect_ratio=True) and image_dataset_from_directory(crop_to_aspect_ratio=True) do.
      """)
  package var cropToAspectRatio = false

  @Flag(help: "Stretch the whole image to the input size.")
  package var stretch = false

  @Option(
    help: """
      Keep the whole image in its proportions and fill what is left over with black. before: it is filled first, then \
      resized, as by Keras's Resizing(pad_to_aspect_ratio=True). after: the image is resized to fit, as by \
      image_dataset_from_directory(pad_to_aspect_ratio=True).
      """)
  package var pad: Preprocessing.Padding?

  @Option(help: "The order of the input's channels.")
  package var channelOrder: Preprocessing.ChannelOrder?

  @Option(help: "What pixel values of 0 to 255 are divided by first.")
  package var divisor: Float?

  @Option(help: ArgumentHelp("What is then subtracted: one number, or one for each channel.", valueName: "a,b,c"))
  package var mean: ChannelValues?

  @Option(
    help: ArgumentHelp(
      "What the difference is then divided by: one number, or one for each channel.", valueName: "a,b,c"))
  package var std: ChannelValues?

  package init() {}

  package func validate() throws {
    let geometries = [
      stretch ? "--stretch" : nil, cropShorterSide.map { _ in "--crop-shorter-side" },
      cropToAspectRatio ? "--crop-to-aspect-ratio" : nil, pad.map { _ in "--pad" },
    ]
    .compactMap(\.self)
    if geometries.count > 1 {
      throw ValidationError("\(geometries.joined(separator: " and ")) cannot be used together")
    }
    var given = Self.plain
    change.apply(to: &given)
    do throws(PreprocessingError) {
      try given.validateValues()
    } catch {
      throw ValidationError(error.description)
    }
  }

  /// Pixel values as they are.
  private static let plain = Preprocessing(
    filter: .nearest, antialias: false, geometry: .stretch, divisor: 1, mean: [0, 0, 0], standardDeviation: [1, 1, 1])

  /// Whether any of the options is given.
  package var isGiven: Bool {
    preprocess != nil || filter != nil || antialias != nil || givenGeometry != nil || channelOrder != nil
      || divisor != nil || mean != nil || std != nil
  }

  /// The parts that were given.
  package var change: PreprocessingChange {
    var change = PreprocessingChange()
    (change.filter, change.antialias, change.channelOrder) = (filter, antialias, channelOrder)
    change.geometry = givenGeometry
    (change.divisor, change.mean, change.standardDeviation) = (divisor, mean?.values, std?.values)
    return change
  }

  private var givenGeometry: Preprocessing.Geometry? {
    if let cropShorterSide { return .centerCrop(shorterSide: cropShorterSide) }
    if let pad { return .pad(pad) }
    if cropToAspectRatio { return .cropToAspectRatio }
    return stretch ? .stretch : nil
  }
}

/// A number for all channels, or one for each of three or four.
package struct ChannelValues: ExpressibleByArgument {
  package let values: [Float]

  package init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Float($0) }.filter(\.isFinite)
    guard numbers.count == parts.count, [1, 3, 4].contains(parts.count) else { return nil }
    values = numbers
  }
}

extension Preprocessing.Filter: ExpressibleByArgument {}
extension Preprocessing.Padding: ExpressibleByArgument {}
extension Preprocessing.ChannelOrder: ExpressibleByArgument {}

extension NamedPreprocessing: ExpressibleByArgument {
  /// `custom` is what `raw` was called before.
  package init?(argument: String) {
    self.init(rawValue: argument == "custom" ? "raw" : argument)
  }
}
