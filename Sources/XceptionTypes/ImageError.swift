/// Why an image cannot be read or decoded.
public enum ImageError: Error, Hashable, Sendable {
  /// What a limit of ``DecodingOptions/Limits`` is about.
  public enum Quantity: String, Hashable, Sendable {
    case width, height, pixels, bytes
  }

  /// The file cannot be opened or read.
  case unreadable(path: String, reason: String)
  /// The first bytes are not those of a supported format.
  case unknownFormat(found: String)
  /// A valid file of a supported format that uses a feature which is not supported. `offset` counts bytes from the file's start.
  case unsupported(ImageFormat, offset: Int, found: String, expected: String)
  /// The file ends before the image does, `offset` bytes from its start.
  case truncated(ImageFormat, offset: Int, expected: String)
  /// The contents break the format's rules, noticed `offset` bytes from the file's start.
  case malformed(ImageFormat, offset: Int, found: String, expected: String)
  /// More than `DecodingOptions.limits` allows; no pixels were allocated.
  case exceedsLimit(Quantity, found: Int, limit: Int)
  /// The format is read through a library that is loaded on demand, and is not installed.
  case missingLibrary(ImageFormat, library: String, installation: String)
  /// The library that decodes the format could not allocate its working memory.
  case outOfMemory(ImageFormat)
  /// Pixels in memory (`ImageSource.rgb`) are not width x height x 3 values, or a side is not positive.
  case wrongPixelCount(width: Int, height: Int, found: Int)
}

extension ImageError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "cannot read \(path): \(reason)"
    case .unknownFormat(let found):
      "found \(found), expected a \(ImageFormat.list) file"
    case .unsupported(let format, let offset, let found, let expected):
      "\(format.rawValue) file, byte \(offset): not supported: \(found); supported: \(expected)"
    case .truncated(let format, let offset, let expected):
      "\(format.rawValue) file ends at byte \(offset), expected \(expected)"
    case .malformed(let format, let offset, let found, let expected):
      "\(format.rawValue) file, byte \(offset): found \(found), expected \(expected)"
    case .exceedsLimit(.bytes, let found, let limit):
      "the file has \(found == limit + 1 ? "more than \(limit)" : "\(found)") bytes, the limit is \(limit)"
    case .exceedsLimit(.pixels, let found, let limit):
      "the image has \(found) pixels, the limit is \(limit)"
    case .exceedsLimit(let side, let found, let limit):
      "the image has a \(side.rawValue) of \(found) pixels, the limit is \(limit)"
    case .missingLibrary(let format, let library, let installation):
      "\(format.rawValue) files are read through \(library), which is not installed: \(installation)"
    case .outOfMemory(let format):
      "not enough memory to decode the \(format.rawValue) file"
    case .wrongPixelCount(let width, let height, let found):
      "found \(found) values, expected 3 for each pixel of an image of \(width) x \(height), at least 1 x 1"
    }
  }
}
