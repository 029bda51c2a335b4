extension Classifier {
  /// The class of a name.
  ///
  /// - Throws: `HeatmapError.unknownClass` with similar names, or `HeatmapError.ambiguousClass` where several have it.
  package func classIndex(of label: String) throws(HeatmapError) -> Int {
    let indices = labels.indices.filter { labels[$0] == label }
    guard indices.count <= 1 else { throw .ambiguousClass(label, indices: indices) }
    guard let index = indices.first else {
      throw .unknownClass(label, similar: similarNames(to: label, among: labels), classCount: classCount)
    }
    return index
  }
}

/// The names that someone may have meant, at most five, the likeliest first: those that hold the text or are held by it, and
/// those that fewer than half of its letters must be changed for.
func similarNames(to text: String, among names: [String]) -> [String] {
  let wanted = Array(text.lowercased())
  guard !wanted.isEmpty else { return [] }
  let ranked = names.enumerated().compactMap { index, name -> (distance: Int, index: Int)? in
    let letters = Array(name.lowercased())
    if !letters.isEmpty, isPart(wanted, of: letters) || isPart(letters, of: wanted) { return (0, index) }
    // No fewer changes than the lengths differ by.
    guard abs(letters.count - wanted.count) * 2 < wanted.count else { return nil }
    let distance = changes(from: wanted, to: letters)
    return distance * 2 < wanted.count ? (distance, index) : nil
  }
  return ranked.sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }.prefix(5).map { names[$0.index] }
}

private func isPart(_ part: [Character], of whole: [Character]) -> Bool {
  guard part.count <= whole.count else { return false }
  return (0...whole.count - part.count).contains { whole[$0..<$0 + part.count].elementsEqual(part) }
}

/// The letters to insert, remove or replace (Levenshtein's distance).
private func changes(from a: [Character], to b: [Character]) -> Int {
  var row = Array(0...b.count)
  for (i, letter) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, other) in b.enumerated() {
      let replaced = diagonal + (letter == other ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}
