internal import Files

/// Finds pictures by their file name extensions.
package enum PictureFolder {
  /// In lowercase; uppercase is recognized too.
  package static let extensions = [
    "jpg", "jpeg", "jpe", "jfif", "png", "apng", "webp", "gif", "bmp", "tif", "tiff", "heic", "heif", "hif", "avif",
    "pbm", "pgm", "ppm", "pnm", "pam",
  ]

  /// The pictures of a folder and of the folders inside it, as paths from that folder, sorted.
  ///
  /// Names that begin with a dot are left out, and links to folders are not followed.
  ///
  /// - Throws: `ComparisonError.folder` or `.noPictures`.
  package static func pictures(in folder: String) throws(ComparisonError) -> [String] {
    var found: [String] = []
    var pending = [""]
    while let inner = pending.popLast() {
      for name in try names(in: inner.isEmpty ? folder : folder + "/" + inner) where !name.hasPrefix(".") {
        let path = inner.isEmpty ? name : inner + "/" + name
        if isFolder(folder + "/" + path) {
          pending.append(path)
        } else if isPicture(name) {
          found.append(path)
        }
      }
    }
    guard !found.isEmpty else { throw .noPictures(folder: folder) }
    return found.sorted()
  }

  private static func names(in folder: String) throws(ComparisonError) -> [String] {
    do throws(SystemError) {
      return try namesInFolder(folder)
    } catch {
      throw .folder(path: folder, reason: reason(for: folder))
    }
  }

  private static func reason(for folder: String) -> String {
    guard let status = try? FileStatus(of: folder) else { return "it does not exist" }
    return status.kind == .folder ? "it may not be read" : "it is not a folder"
  }

  private static func isFolder(_ path: String) -> Bool {
    (try? FileStatus(of: path, followsLink: false))?.kind == .folder
  }

  /// Whether a name ends in one of the extensions.
  package static func isPicture(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: ".") else { return false }
    return extensions.contains(name[name.index(after: dot)...].lowercased())
  }
}
