/// The formats of image files, recognized by their first bytes, whatever the file is called.
public enum ImageFormat: String, Hashable, Sendable, CaseIterable {
  case jpeg = "JPEG"
  case png = "PNG"
  /// The first picture of an animation.
  case webp = "WebP"
  /// The first picture of an animation.
  case gif = "GIF"
  case bmp = "BMP"
  /// The first picture of the file; BigTIFF too. Through libtiff, where it is installed.
  case tiff = "TIFF"
  /// Through libheif, where it is installed.
  case heic = "HEIC"
  /// Through libheif, where it is installed.
  case avif = "AVIF"
  /// A file in the container of HEIC and AVIF that does not say at once which it is.
  case heif = "HEIF"
  /// Portable bitmap: P1 (text) and P4 (binary).
  case pbm = "PBM"
  /// Portable graymap: P2 (text) and P5 (binary).
  case pgm = "PGM"
  /// Portable pixmap: P3 (text) and P6 (binary).
  case ppm = "PPM"
  /// Portable arbitrary map: P7.
  case pam = "PAM"

  /// All names, for help texts.
  package static var list: String {
    let names = allCases.filter { $0 != .heif }.map(\.rawValue)
    return names.dropLast().joined(separator: ", ") + " or " + names.last!
  }
}
