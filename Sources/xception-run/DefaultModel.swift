import CommandSupport

/// The weights file that is used where none is named.
enum DefaultModel {
  struct Missing: Error, CustomStringConvertible {
    var path: String

    var description: String {
      """
      no model: none was given with --model, XCEPTION_MODEL is not set, and there is none at \(path).
      `bash Examples/quickstart.sh` installs a trained one there; xception-convert makes one from a Keras file.
      """
    }
  }

  static func path() throws(Missing) -> String {
    if let path = fileNameInEnvironment("XCEPTION_MODEL") { return path }
    let path = caches() + "/xception-runtime/default.xcw"
    guard (try? fileSize(of: path)) != nil else { throw Missing(path: path) }
    return path
  }

  private static func caches() -> String {
    let home = fileNameInEnvironment("HOME") ?? "/"
    #if os(macOS)
      return home + "/Library/Caches"
    #else
      if let caches = fileNameInEnvironment("XDG_CACHE_HOME") { return caches }
      return home + "/.cache"
    #endif
  }
}
