#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Finds pictures by the ends of their names.
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
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw .folder(path: folder, reason: reason(for: folder))
    }
  }

  /// A reason in plain words: Foundation's own errors print as a dictionary.
  private static func reason(for folder: String) -> String {
    var isFolder = false
    #if canImport(Darwin)
      var flag: ObjCBool = false
      let exists = unsafe FileManager.default.fileExists(atPath: folder, isDirectory: &flag)
      isFolder = flag.boolValue
    #else
      let exists = FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder)
    #endif
    return !exists ? "it does not exist" : isFolder ? "it may not be read" : "it is not a folder"
  }

  private static func isFolder(_ path: String) -> Bool {
    let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    return type == .typeDirectory
  }

  private static func isPicture(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: ".") else { return false }
    return extensions.contains(name[name.index(after: dot)...].lowercased())
  }
}
