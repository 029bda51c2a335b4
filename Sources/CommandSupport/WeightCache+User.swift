package import ArgumentParser
internal import PlainText
package import Xception

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension WeightCache {
  package static let noCacheHelp: ArgumentHelp = """
    Neither start from packed weights that were kept in the cache folder, nor keep them there for the next run. The \
    environment variable XCEPTION_CACHE_LIMIT says how much the folder may hold: 500M, 2G, or 0 for nothing. (default: 2G)
    """

  /// The one of the commands, in the user's folder of caches; nil where the environment does not say where that is.
  package static func ofUser() throws(CacheLimitError) -> WeightCache? {
    var limit = standardLimit
    if let text = unsafe getenv("XCEPTION_CACHE_LIMIT").map({ unsafe String(cString: $0) }), !text.isEmpty {
      guard let given = byteCount(text) else { throw CacheLimitError(text: text) }
      limit = given
    }
    // A relative path would mean another folder wherever the command is run.
    guard limit > 0, let caches = InstalledModels.userCaches, caches.hasPrefix("/") else { return nil }
    return WeightCache(path: caches + "/xception-runtime/packed", limit: limit)
  }

  /// A number of bytes, with a unit of K, M, G or T, each 1,024 times the one before.
  private static func byteCount(_ text: String) -> Int? {
    let unit = text.last.flatMap { "KMGT".firstIndex(of: Character($0.uppercased())) }
    let power = unit.map { "KMGT".distance(from: "KMGT".startIndex, to: $0) + 1 } ?? 0
    guard let number = Int(unit == nil ? text : String(text.dropLast())), number >= 0 else { return nil }
    let (count, overflow) = number.multipliedReportingOverflow(by: 1 << (10 * power))
    return overflow ? nil : count
  }
}

/// XCEPTION_CACHE_LIMIT is no number of bytes.
package struct CacheLimitError: Error, CustomStringConvertible {
  var text: String

  package var description: String {
    "XCEPTION_CACHE_LIMIT is \(text.printable), expected a number of bytes such as 500M or 2G, or 0 for no cache"
  }
}
