import ArgumentParser
import ModelGraph

/// How an image becomes the network's input: a known way, and changes to it.
struct PreprocessingOptions: ParsableArguments {
  enum Base: String, CaseIterable, ExpressibleByArgument {
    case keras, timm, custom
  }

  @Option(
    help: """
      keras: nearest neighbor, stretched, x / 127.5 - 1. timm: bicubic, shorter side 333, center crop, mean and deviation \
      0.5. custom: pixel values as they are, but for the options below. (default: keras, or custom where the model begins \
      with rescaling layers)
      """)
  var preprocess: Base?

  @Option(help: "The resampling filter.")
  var filter: Preprocessing.Filter?

  @Flag(inversion: .prefixedNo, help: "Whether the filter widens when it shrinks an image, as Pillow's does.")
  var antialias: Bool?

  @Option(help: ArgumentHelp("Resize the shorter side to this and cut out the center.", valueName: "n"))
  var cropShorterSide: Int?

  @Flag(help: "Stretch the whole image to the input size.")
  var stretch = false

  @Option(help: ArgumentHelp("Subtracted after the division: one number or one a channel.", valueName: "a,b,c"))
  var mean: ChannelValues?

  @Option(help: ArgumentHelp("Divided by at last: one number or one a channel.", valueName: "a,b,c"))
  var std: ChannelValues?

  @Option(help: "Pixel values of 0 to 255 are divided by this first.")
  var divisor: Float?

  @Option(help: "The order of the channels.")
  var channelOrder: Preprocessing.ChannelOrder?

  func validate() throws {
    if stretch, cropShorterSide != nil { throw ValidationError("--stretch and --crop-shorter-side exclude each other") }
    if let side = cropShorterSide, !(1...Limits.window).contains(side) {
      throw ValidationError("--crop-shorter-side is \(side), expected 1 to \(Limits.window)")
    }
    if let divisor, !divisor.isFinite || divisor == 0 {
      throw ValidationError("--divisor is \(divisor), expected a number other than 0")
    }
    if let std, std.values.contains(0) { throw ValidationError("--std holds a 0") }
  }

  /// The way that was named, or nil for the model's default.
  var base: Preprocessing? {
    switch preprocess {
    case .keras?: .keras
    case .timm?: .timm
    case .custom?:
      Preprocessing(
        filter: .nearest, antialias: false, geometry: .stretch, divisor: 1, mean: [0, 0, 0],
        standardDeviation: [1, 1, 1])
    case nil: nil
    }
  }

  /// Makes the changes that were asked for.
  func change(_ preprocessing: inout Preprocessing) {
    if let filter { preprocessing.filter = filter }
    if let antialias { preprocessing.antialias = antialias }
    if stretch { preprocessing.geometry = .stretch }
    if let cropShorterSide { preprocessing.geometry = .centerCrop(shorterSide: cropShorterSide) }
    if let mean { preprocessing.mean = mean.values }
    if let std { preprocessing.standardDeviation = std.values }
    if let divisor { preprocessing.divisor = divisor }
    if let channelOrder { preprocessing.channelOrder = channelOrder }
  }
}

/// Three numbers, or one for all three channels.
struct ChannelValues: ExpressibleByArgument {
  let values: [Float]

  init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).compactMap { Float($0) }
    guard numbers.allSatisfy(\.isFinite), numbers.count == argument.split(separator: ",").count else { return nil }
    switch numbers.count {
    case 1: values = Array(repeating: numbers[0], count: 3)
    case 3: values = numbers
    default: return nil
    }
  }
}

extension Preprocessing.Filter: ExpressibleByArgument {}
extension Preprocessing.ChannelOrder: ExpressibleByArgument {}
