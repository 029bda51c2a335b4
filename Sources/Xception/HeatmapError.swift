import PlainText

/// Why there is no heatmap.
public enum HeatmapError: Error, Hashable, Sendable {
  /// The classification was made without `heatmaps: true`.
  case notKept
  /// No class has this name; those with similar names, and how many classes there are.
  case unknownClass(String, similar: [String], classCount: Int)
  /// Several classes have this name.
  case ambiguousClass(String, indices: [Int])
  /// There is no class of this index.
  case noSuchClass(Int, classCount: Int)
  /// The picture that the heatmap is to be laid over cannot be read or decoded.
  case image(ImageError, path: String?)
  /// Running the network, or reading the weights of its last layers, failed.
  case classifier(ClassifierError)
}

extension HeatmapError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notKept: "the classification keeps nothing to make heatmaps of: ask for it with heatmaps: true"
    case .unknownClass(let name, let similar, let count):
      "there is no class \"\(name.printable)\" among \(count)"
        + (similar.isEmpty ? "" : "; similar: " + similar.map { "\"\($0.printable)\"" }.joined(separator: ", "))
    case .ambiguousClass(let name, let indices):
      "the classes \(indices.map(String.init).joined(separator: ", ")) are all named \"\(name.printable)\": expected the number of one"
    case .noSuchClass(let index, let count): "there is no class \(index), expected 0 to \(count - 1)"
    case .image(let error, path: _): error.description
    case .classifier(let error): error.description
    }
  }
}
