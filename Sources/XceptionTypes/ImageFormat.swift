/// The formats of image files, recognized by their first bytes, whatever the file is called.
public enum ImageFormat: String, Hashable, Sendable, CaseIterable {
  case jpeg = "JPEG"
  case png = "PNG"
  /// Portable graymap: P2 (text) and P5 (binary).
  case pgm = "PGM"
  /// Portable pixmap: P3 (text) and P6 (binary).
  case ppm = "PPM"
  /// Portable arbitrary map: P7.
  case pam = "PAM"
}
