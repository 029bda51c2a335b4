public import ArgumentParser
public import XceptionTypes

/// The options that say how image files become images, shared by the commands that read them.
package struct DecodingArguments: ParsableArguments {
  /// What happens to transparent pixels.
  package enum Alpha: String, CaseIterable, ExpressibleByArgument {
    case white, black, drop
  }

  @Option(
    help: """
      Transparent pixels show white (default) or black, or with drop the color that is stored for them, as with Pillow's \
      convert("RGB") and tf.image. A model of four channels gets alpha itself, and refuses this option.
      """)
  package var alpha: Alpha?

  @Option(help: "Whether a file that ends too early or is damaged is refused, or accepted with what is there.")
  package var truncated = DecodingOptions.Truncated.refuse

  @Flag(help: "Do not turn photos upright as their EXIF orientation says.")
  package var noOrientation = false

  @Option(
    help: ArgumentHelp("The largest picture that is read, in millions of pixels.", valueName: "megapixels"))
  package var maxMegapixels = Megapixels(pixels: DecodingOptions.Limits.standard.pixels)

  @Option(help: ArgumentHelp("The widest and highest picture that is read, in pixels.", valueName: "pixels"))
  package var maxSide = DecodingOptions.Limits.standard.width

  package init() {}

  package func validate() throws {
    // Rows of three bytes a pixel, and their number, stay far below what an Int32 of a decoder holds.
    guard 1...10_000_000_000 ~= maxMegapixels.pixels else {
      throw ValidationError("--max-megapixels is \(maxMegapixels), expected more than 0 and at most 10000")
    }
    guard 1...500_000 ~= maxSide else { throw ValidationError("--max-side is \(maxSide), expected 1 to 500000") }
  }

  package var options: DecodingOptions {
    DecodingOptions(
      limits: .init(width: maxSide, height: maxSide, pixels: maxMegapixels.pixels), alpha: (alpha ?? .white).alpha,
      truncated: truncated, appliesOrientation: !noOrientation)
  }

  /// Refuses what has no meaning for a network of so many channels.
  package func check(channels: Int) throws {
    guard alpha == nil || channels < 4 else {
      throw ValidationError(
        "--alpha says how transparent pixels look, but the model has four channels and gets alpha itself: leave it out")
    }
  }
}

extension DecodingArguments.Alpha {
  fileprivate var alpha: DecodingOptions.Alpha {
    switch self {
    case .white: .white
    case .black: .black
    case .drop: .drop
    }
  }
}

extension DecodingOptions.Truncated: ExpressibleByArgument {}

/// A number of pixels, given in millions and parts of them.
package struct Megapixels: ExpressibleByArgument, CustomStringConvertible {
  package let pixels: Int

  package init(pixels: Int) { self.pixels = pixels }

  package init?(argument: String) {
    guard let millions = Double(argument), let pixels = Int(exactly: (millions * 1_000_000).rounded()) else {
      return nil
    }
    self.pixels = pixels
  }

  package var description: String {
    pixels % 1_000_000 == 0 ? "\(pixels / 1_000_000)" : "\(Double(pixels) / 1_000_000)"
  }

  package var defaultValueDescription: String { description }
}
