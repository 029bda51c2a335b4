/// How a file becomes an image.
public struct DecodingOptions: Hashable, Sendable {
  /// What a file may ask for. Each is checked before memory for the pixels is allocated.
  ///
  /// Decoding needs up to 4 bytes of memory a pixel, twice that while a photo is turned upright, and up to 10 for a
  /// progressive JPEG, besides the file itself.
  public struct Limits: Hashable, Sendable {
    /// In pixels; 16,384 unless set.
    public var width: Int
    /// In pixels; 16,384 unless set.
    public var height: Int
    /// Width times height; 100 million unless set.
    public var pixels: Int
    /// Of the file, or of what is read from standard input; 512 MiB unless set.
    public var bytes: Int

    public init(width: Int = 16_384, height: Int = 16_384, pixels: Int = 100_000_000, bytes: Int = 512 << 20) {
      self.width = width
      self.height = height
      self.pixels = pixels
      self.bytes = bytes
    }

    /// The limits that hold unless others are set.
    public static let standard = Limits()
  }

  /// A color of 8-bit red, green and blue.
  public struct Color: Hashable, Sendable {
    public var red: UInt8
    public var green: UInt8
    public var blue: UInt8

    public init(red: UInt8, green: UInt8, blue: UInt8) {
      self.red = red
      self.green = green
      self.blue = blue
    }

    public static let white = Color(red: 255, green: 255, blue: 255)
    public static let black = Color(red: 0, green: 0, blue: 0)
  }

  /// What becomes of pixels that are transparent, wholly or in part.
  public enum Transparency: Hashable, Sendable {
    /// Pixels are laid over a color: `(pixel * alpha + color * (255 - alpha)) / 255`, as Pillow's `alpha_composite` does.
    case over(Color)
    /// Alpha is dropped: transparent pixels show the color that they hide, often black, as with Pillow's `convert("RGB")`
    /// and TensorFlow's `decode_png` with 3 channels, and so with Keras's `load_img`.
    case ignored

    /// Laid over white.
    public static let white = Transparency.over(.white)
    /// Laid over black.
    public static let black = Transparency.over(.black)
  }

  public var limits: Limits
  /// What becomes of transparent pixels; they are laid over white unless set.
  public var transparency: Transparency
  /// Whether the EXIF orientation of a JPEG or PNG file is applied, so that the photo stands upright; true unless set.
  /// Pillow and Keras leave it unapplied.
  public var appliesOrientation: Bool

  public init(
    limits: Limits = .standard, transparency: Transparency = .white, appliesOrientation: Bool = true
  ) {
    self.limits = limits
    self.transparency = transparency
    self.appliesOrientation = appliesOrientation
  }
}
