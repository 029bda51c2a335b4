/// Why a list of right answers cannot be used.
package enum TruthError: Error, Hashable, Sendable {
  /// For a line of the list: what was found and what was expected.
  case line(Int, reason: String)
  /// A picture outside the folders that are named after classes.
  case noClassFolder(picture: String)
  /// A name that is not a class of the model; the first of its names.
  case unknownClass(String, known: [String])
  /// A name that several classes have.
  case ambiguousClass(String, indices: [Int])
  /// More or fewer than one class for a picture of a model whose classes exclude each other.
  case notOneClass(picture: String, found: Int)
  case empty
}

extension TruthError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .line(let number, let reason): "line \(number): \(reason)"
    case .noClassFolder(let picture):
      "\(picture) is in no folder that is named as a class; expected CLASS/PICTURE, or a file of file,label lines"
    case .unknownClass(let name, let known):
      "\"\(name)\" is not a class of the model; "
        + (known.isEmpty
          ? "it has no names of classes, expected their numbers"
          : "its classes are \(known.joined(separator: ", "))")
        + (ClassIndex.isWordNetID(name)
          ? ". It is one of WordNet's names, as ImageNet's folders have: --classes FILE, with lines of name,class, says which class each is"
          : "")
    case .ambiguousClass(let name, let indices):
      "\"\(name)\" is the name of the classes \(indices.map(String.init).joined(separator: " and ")); give the number"
    case .notOneClass(let picture, let found):
      "\(picture) has \(found) labels, expected 1: the model's classes exclude each other"
    case .empty: "no picture is listed"
    }
  }
}
