internal import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension Classifier {
  /// Writes this classifier's packed weights into the cache of its options, unless they are there: the next one of the same
  /// weights file and options starts from them.
  ///
  /// Writing 100 MB takes some 50 ms where the system has memory for them; results may be given before.
  ///
  /// - Returns: Whether they are there. They are not where there is no cache, where the model did not come from a file or that
  ///   was changed less than 3 seconds before it was loaded, where the weights are smaller than a mebibyte or larger than the
  ///   cache's limit, and where the folder cannot be written.
  @discardableResult
  public func fillCache() -> Bool { (try? keepWeights()) != nil }

  /// - Throws: Why the packed weights are not in the cache.
  package func keepWeights() throws {
    guard !network.isFromCache else { return }
    guard let weights = network.notKept else { throw NoCache() }
    try weights.keep(network.plan, pool: network.executor.pool)
  }
}

/// There is no cache, or no file that the weights are of.
private struct NoCache: Error, CustomStringConvertible {
  var description: String { "no cache, or no weights file that is as it was" }
}

extension WeightCache {
  /// Keeps the packed weights of a weights file, for the options that a classifier has by default; waits until no further
  /// change of the file could go unnoticed.
  ///
  /// - Throws: Why they are not kept.
  package func keepWeights(ofFileAt path: String) throws {
    while let isSettled = try? FileStatus(of: path).identity.isSettled, !isSettled { usleep(100_000) }
    try Classifier(contentsOfFile: path, options: .init(cache: self)).keepWeights()
  }
}
