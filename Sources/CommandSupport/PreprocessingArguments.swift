public import ArgumentParser
public import ModelGraph

/// The options that state or override a model's preprocessing, shared by the commands.
package struct PreprocessingArguments: ParsableArguments {
  /// Preprocessing with a name.
  package enum Preset: String, ExpressibleByArgument, CaseIterable {
    case keras, timm
  }

  @Option(
    help: ArgumentHelp(
      "Preprocess as a framework does; the other options change parts of it.",
      discussion: "keras: nearest neighbor, no crop, x / 127.5 - 1. timm: bicubic with antialias, center crop of 333.")
  )
  package var preprocess: Preset?
  @Option(help: "The filter that resizes.")
  package var filter: Preprocessing.Filter?
  @Flag(inversion: .prefixedNo, help: "Whether the filter widens when it shrinks, as Pillow's does.")
  package var antialias: Bool?
  @Option(help: ArgumentHelp("Resize the shorter side to this, then cut out the center.", valueName: "pixels"))
  package var cropShorterSide: Int?
  @Flag(help: "Stretch the whole image to the input size.")
  package var stretch = false
  @Option(help: "The order of the input's channels.")
  package var channelOrder: Preprocessing.ChannelOrder?
  @Option(help: "Divide pixels of 0 to 255 by this.")
  package var divisor: Float?
  @Option(help: ArgumentHelp("Then subtract this, one number or one a channel.", valueName: "a,b,c"))
  package var mean: ChannelValues?
  @Option(help: ArgumentHelp("Then divide by this, one number or one a channel.", valueName: "a,b,c"))
  package var std: ChannelValues?

  package init() {}

  package func validate() throws {
    if stretch, cropShorterSide != nil { throw ValidationError("--stretch and --crop-shorter-side exclude each other") }
  }

  /// Whether any of the options is given.
  package var isGiven: Bool {
    preprocess != nil || filter != nil || antialias != nil || cropShorterSide != nil || stretch || channelOrder != nil
      || divisor != nil || mean != nil || std != nil
  }

  /// The preset, or else `base`, with the parts that are given.
  package func applied(to base: Preprocessing) -> Preprocessing {
    var result = preprocess?.preprocessing ?? base
    if let filter { result.filter = filter }
    if let antialias { result.antialias = antialias }
    if let cropShorterSide { result.geometry = .centerCrop(shorterSide: cropShorterSide) }
    if stretch { result.geometry = .stretch }
    if let channelOrder { result.channelOrder = channelOrder }
    if let divisor { result.divisor = divisor }
    if let mean { result.mean = mean.values }
    if let std { result.standardDeviation = std.values }
    return result
  }
}

extension PreprocessingArguments.Preset {
  package var preprocessing: Preprocessing {
    switch self {
    case .keras: .keras
    case .timm: .timm
    }
  }
}

/// A number for each of three channels.
package struct ChannelValues: ExpressibleByArgument {
  package var values: [Float]

  package init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Float($0) }
    guard numbers.count == 1 || numbers.count == 3, numbers.allSatisfy({ $0?.isFinite == true }) else { return nil }
    let values = numbers.compactMap(\.self)
    self.values = values.count == 1 ? [Float](repeating: values[0], count: 3) : values
  }
}

extension Preprocessing.Filter: ExpressibleByArgument {}
extension Preprocessing.ChannelOrder: ExpressibleByArgument {}
