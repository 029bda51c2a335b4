internal import Files

/// Finds pictures by their file name extensions.
package enum PictureFolder {
  /// In lowercase; uppercase is recognized too.
  package static let extensions = [
    "jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "webp", "gif", "bmp", "dib", "tif", "tiff", "heic", "heif",
    "hif", "avif",
    "pbm", "pgm", "ppm", "pnm", "pam",
  ]

  /// How many links to folders are followed: folders that link to each other could be walked without end.
  package static let linkLimit = 65_536

  /// The pictures of a folder and of the folders inside it, as paths from that folder, sorted.
  ///
  /// Names that begin with a dot are left out, and so is what is no regular file. Links are followed, but not to a folder that
  /// they lie in. A link that leads nowhere is a picture that cannot be read.
  ///
  /// - Throws: `ComparisonError.folder` or `.noPictures`.
  package static func pictures(in folder: String) throws(ComparisonError) -> [String] {
    var found: [String] = []
    var pending = [(path: "", around: [FileStatus]())]
    var linkCount = 0
    while let inner = pending.popLast() {
      let place = inner.path.isEmpty ? folder : folder + "/" + inner.path
      let around = inner.around + [try status(of: place)]
      for name in try names(in: place) where !name.hasPrefix(".") {
        let path = inner.path.isEmpty ? name : inner.path + "/" + name
        let status = try? FileStatus(of: folder + "/" + path)
        if let status, status.kind == .folder {
          guard !around.contains(where: status.isOfSameFile) else { continue }
          if isLink(folder + "/" + path) { linkCount += 1 }
          guard linkCount <= linkLimit else {
            throw .folder(path: folder + "/" + path, reason: "more than \(linkLimit) links to folders lead here")
          }
          pending.append((path, around))
        } else if status?.kind != .other, isPicture(name) {
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

  private static func status(of folder: String) throws(ComparisonError) -> FileStatus {
    do throws(SystemError) {
      return try FileStatus(of: folder)
    } catch {
      throw .folder(path: folder, reason: reason(for: folder))
    }
  }

  private static func isLink(_ path: String) -> Bool {
    (try? FileStatus(of: path, followsLink: false))?.kind == .link
  }

  /// Whether a name ends in one of the extensions.
  package static func isPicture(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: ".") else { return false }
    return extensions.contains(name[name.index(after: dot)...].lowercased())
  }
}
