/// Finds a model's classes by their names.
package struct ClassIndex: Sendable {
  private let indices: [String: [Int]]
  private let labels: [String]
  private let classCount: Int

  /// - Parameter labels: The names of the classes; empty where they have none.
  package init(labels: [String], classCount: Int) {
    self.labels = labels
    self.classCount = classCount
    indices = Dictionary(grouping: labels.indices) { labels[$0] }
  }

  /// The class with a name or, where no class has that name, with a number from 0.
  package func callAsFunction(_ name: String) throws(TruthError) -> Int {
    switch indices[name] {
    case let found? where found.count == 1: return found[0]
    case let found?: throw .ambiguousClass(name, indices: found)
    case nil:
      guard let number = Int(name), 0..<classCount ~= number else {
        let few = labels.prefix(20)
        throw .unknownClass(name, known: few + (labels.count > few.count ? ["..."] : []))
      }
      return number
    }
  }
}
