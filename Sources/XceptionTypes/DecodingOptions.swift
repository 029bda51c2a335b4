/// How a file becomes an image.
public struct DecodingOptions: Hashable, Sendable {
  /// What a file may ask for. Each is checked before memory for the pixels is allocated.
  ///
  /// A picture that is resized as it is decoded needs a few rows in memory; an `Image` needs 3 bytes a pixel, twice
  /// that while it is turned upright. Some files need more than rows: an interlaced PNG up to 4 bytes a pixel, a
  /// progressive JPEG up to 6, WebP, HEIC and AVIF up to 4, an interlaced GIF and a run-length encoded BMP 1.
  public struct Limits: Hashable, Sendable {
    /// In pixels; 65,500 unless set, the most that JPEG allows.
    public var width: Int
    /// In pixels; 65,500 unless set.
    public var height: Int
    /// Width times height; 200 million unless set, which is what the largest sensors of phones have.
    public var pixels: Int
    /// Of the file, or of what is read from standard input. Unless set it is what a file of so many pixels needs that
    /// compresses nothing: 8 bytes for each, which are four samples of 16 bits, and 1 MiB for all else; at least 512 MiB.
    public var bytes: Int

    public init(width: Int = 65_500, height: Int = 65_500, pixels: Int = 200_000_000, bytes: Int? = nil) {
      self.width = width
      self.height = height
      self.pixels = pixels
      // Of more pixels than a file could have, 2^60 bytes: whoever adds to them overflows nothing.
      self.bytes = bytes ?? max(512 << 20, min(max(pixels, 0), 1 << 57) * 8 + 1 << 20)
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

  /// What happens to transparent pixels.
  public enum Alpha: Hashable, Sendable {
    /// They show a background: `(color * alpha + background * (255 - alpha)) / 255`, rounded to the nearest, without
    /// gamma, as Pillow's `alpha_composite` mixes them.
    case over(Color)
    /// They show the color that is stored for them, as with Pillow's `convert("RGB")` and `tf.image.decode_image` with
    /// 3 channels. Networks that were trained so may expect it.
    case drop

    /// Right for cut-out pictures.
    public static let white = Alpha.over(.white)
    public static let black = Alpha.over(.black)
  }

  /// What happens to a file that ends too early or is damaged.
  public enum Truncated: String, Hashable, Sendable, CaseIterable {
    /// An error. A JPEG or PNG without its end is accepted all the same where every line is there.
    case refuse
    /// The rows that can be decoded are used, as with Pillow's `ImageFile.LOAD_TRUNCATED_IMAGES`: what is missing is
    /// grey in a JPEG that is cut off, and elsewhere the color of zeros, which is black, transparent, or the palette's
    /// first. Checksums of PNG are not looked at. HEIC and AVIF cannot be used in part.
    case accept
  }

  public var limits: Limits
  /// White unless set.
  public var alpha: Alpha
  /// An error unless set.
  public var truncated: Truncated
  /// Whether the orientation that a camera noted is applied, so that the photo stands upright; true unless set. Pillow
  /// and Keras leave it unapplied.
  public var appliesOrientation: Bool

  public init(
    limits: Limits = .standard, alpha: Alpha = .white, truncated: Truncated = .refuse, appliesOrientation: Bool = true
  ) {
    self.limits = limits
    self.alpha = alpha
    self.truncated = truncated
    self.appliesOrientation = appliesOrientation
  }
}
