/// The names of pictures that have results already: a number of 64 bits for each and how many results it has, as a name may
/// be given twice.
struct FinishedPictures {
  struct Result {
    var name: String
    var failed: Bool
  }

  private(set) var count = 0
  private(set) var failures = 0
  private var results: [Int: Int] = [:]

  mutating func insert(_ result: Result) {
    count += 1
    if result.failed { failures += 1 }
    results[key(result.name), default: 0] += 1
  }

  /// Removes one result of a picture, and returns whether there was one.
  mutating func remove(_ name: String) -> Bool {
    guard !results.isEmpty, let index = results.index(forKey: key(name)) else { return false }
    results.values[index] -= 1
    if results.values[index] == 0 { results.remove(at: index) }
    return true
  }

  /// Of the bytes: two names may be equal as text. Those that are not UTF-8 are in hexadecimal, as JSON has them. A name that has
  /// these digits itself has the same key; of two such pictures the first has the first result, in this run as in the last.
  private func key(_ name: String) -> Int {
    var hasher = Hasher()
    for byte in name.showingBytes.utf8 { hasher.combine(byte) }
    return hasher.finalize()
  }
}
