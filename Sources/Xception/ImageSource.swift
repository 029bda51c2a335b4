#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// An image to classify.
///
/// Files are recognized by content: JPEG, PNG, PPM, PGM and PAM.
public enum ImageSource: Sendable {
  /// An image file.
  case file(URL)
  /// The contents of an image file.
  case encoded([UInt8])
  /// An open file, such as 0 for standard input, which is read to its end.
  case descriptor(CInt)
  /// Pixels in rows from the top, each of three bytes: red, green and blue. There must be `width * height * 3` bytes.
  case rgb([UInt8], width: Int, height: Int)
}
