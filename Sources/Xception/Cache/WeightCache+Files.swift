internal import Files
internal import Runtime
internal import Threads
internal import WeightFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension WeightCache {
  /// The weights that are kept of a key; nil where there are none that can be used.
  func weights(of key: PackedWeightsKey, pool: WorkerPool) -> PackedWeightsFile? {
    limit > 0 ? PackedWeightsFile(at: path(of: key), key: key.text, pool: pool) : nil
  }

  /// Keeps packed weights; those that were not used for longest make room for them.
  ///
  /// - Throws: `WeightCacheError`, or why the folder or the file cannot be written.
  func keep(_ weights: PackedWeights, structure: [UInt8], key: PackedWeightsKey, pool: WorkerPool) throws {
    let blockLength = unsafe weights.memory.bytes.count
    guard blockLength >= leastByteCount else { throw WeightCacheError.tooSmall(byteCount: blockLength) }
    let count = PackedWeightsFile.byteCount(ofBlock: blockLength, structure: structure, key: key.text)
    guard count <= limit else { throw WeightCacheError.tooLarge(byteCount: count, limit: limit) }
    try makeFolder()
    makeRoom(for: count, beside: key.fileName)
    try PackedWeightsFile.write(weights, structure: structure, key: key.text, to: path(of: key), pool: pool)
  }

  func path(of key: PackedWeightsKey) -> String { "\(folder)/\(key.fileName)" }

  /// Makes the folder, unless it is there and this user's. A program that runs with another user's environment, as under
  /// `sudo`, must not leave files there that the other cannot replace.
  private func makeFolder() throws {
    if !isFolder(folder) { try makePrivateFolder(folder) }
    guard try FileStatus(of: folder).owner == geteuid() else { throw WeightCacheError.foreignFolder(folder) }
  }

  /// Removes the files that were not used for longest until so many bytes more are within the limit.
  private func makeRoom(for byteCount: Int, beside replaced: String) {
    let names = ((try? namesInFolder(folder)) ?? []).filter { $0 != replaced && isOfCache($0) }
    let files = names.compactMap { name in
      (try? FileStatus(of: "\(folder)/\(name)", followsLink: false)).map { (name: name, status: $0) }
    }
    var total = files.reduce(byteCount) { $0 + $1.status.size }
    for file in files.sorted(by: { $0.status.identity.modification < $1.status.identity.modification }) {
      guard total > limit else { return }
      removeFile("\(folder)/\(file.name)")
      total -= file.status.size
    }
  }

  /// Whether a file is one of packed weights, or one that was left behind by a process that was killed as it wrote one.
  private func isOfCache(_ name: String) -> Bool {
    let digits = name.utf8.prefix(16)
    let ending = name.utf8.dropFirst(16)
    return digits.count == 16 && digits.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
      && (ending.elementsEqual(PackedWeightsKey.ending.utf8)
        || ending.starts(with: "\(PackedWeightsKey.ending).tmp-".utf8))
  }
}

/// Why packed weights are not kept.
enum WeightCacheError: Error, Hashable, CustomStringConvertible {
  case tooLarge(byteCount: Int, limit: Int)
  case tooSmall(byteCount: Int)
  case foreignFolder(String)
  /// The weights file was changed just now, and could change again unnoticed.
  case unsettled

  var description: String {
    switch self {
    case .tooLarge(let count, let limit): "\(count) bytes of weights exceed the cache's limit of \(limit)"
    case .tooSmall(let count): "\(count) bytes of weights are packed as fast as they are read"
    case .foreignFolder(let folder): "\(folder) is another user's"
    case .unsettled: "the weights file was changed less than 3 seconds ago"
    }
  }
}
