#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// An image to classify.
///
/// Files are recognized by content: JPEG, PNG, WebP, GIF, BMP, PBM, PGM, PPM and PAM; TIFF where libtiff is installed,
/// HEIC and AVIF where libheif is. Of an animation the first picture is taken.
public enum ImageSource: Sendable {
  /// An image file.
  case file(URL)
  /// The image file at a path, which is taken as it is.
  case path(String)
  /// The contents of an image file.
  case encoded([UInt8])
  /// An open file, such as 0 for standard input, which is read to its end.
  case descriptor(CInt)
  /// Pixels in rows from the top, each of three bytes: red, green and blue. There must be `width * height * 3` bytes.
  /// For a network that takes alpha they are opaque.
  case rgb([UInt8], width: Int, height: Int)
}

extension ImageSource {
  /// Of a file that is read by name.
  var filePath: String? {
    switch self {
    case .file(let url): url.path
    case .path(let path): path
    case .encoded, .descriptor, .rgb: nil
    }
  }
}
