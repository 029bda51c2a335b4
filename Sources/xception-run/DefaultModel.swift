#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

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
    let environment = ProcessInfo.processInfo.environment
    if let path = environment["XCEPTION_MODEL"], !path.isEmpty { return path }
    let path = caches(environment) + "/xception-runtime/default.xcw"
    guard FileManager.default.fileExists(atPath: path) else { throw Missing(path: path) }
    return path
  }

  private static func caches(_ environment: [String: String]) -> String {
    let home = environment["HOME"] ?? "/"
    #if os(macOS)
      return home + "/Library/Caches"
    #else
      if let caches = environment["XDG_CACHE_HOME"], !caches.isEmpty { return caches }
      return home + "/.cache"
    #endif
  }
}
