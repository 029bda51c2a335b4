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

  public var limits: Limits
  /// What shows through transparent pixels; white unless set. Pillow's `convert("RGB")` and TensorFlow's `decode_png`
  /// with 3 channels show the hidden colors of transparent pixels instead.
  public var background: Color
  /// Whether the EXIF orientation of a JPEG or PNG file is applied, so that the photo stands upright; true unless set.
  /// Pillow and Keras leave it unapplied.
  public var appliesOrientation: Bool

  public init(limits: Limits = .standard, background: Color = .white, appliesOrientation: Bool = true) {
    self.limits = limits
    self.background = background
    self.appliesOrientation = appliesOrientation
  }
}

extension DecodingOptions.Limits {
  /// Refuses the size that a header declares where it is zero or exceeds a limit; afterwards `width * height * 4`
  /// cannot overflow.
  func check(width: Int, height: Int, format: ImageFormat, offset: Int) throws(ImageError) {
    guard width > 0, height > 0 else {
      throw .malformed(format, offset: offset, found: "a size of \(width) x \(height)", expected: "at least 1 x 1")
    }
    guard width <= self.width else { throw .exceedsLimit(.width, found: width, limit: self.width) }
    guard height <= self.height else { throw .exceedsLimit(.height, found: height, limit: self.height) }
    let (area, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, area <= min(pixels, Int.max >> 4) else {
      throw .exceedsLimit(.pixels, found: overflow ? .max : area, limit: pixels)
    }
  }
}
