package import ModelGraph
package import Xception

/// Why two models cannot be compared.
package enum ComparisonError: Error, Hashable, Sendable {
  /// The folder of pictures, or one inside it, cannot be read.
  case folder(path: String, reason: String)
  /// The folder holds no file with the name of a picture.
  case noPictures(folder: String)
  /// None of the pictures could be classified; the reason is the one for the first.
  case nothingClassified(picture: String, reason: String)
  case differentInputs(Shape, Shape)
  case differentClassCounts(Int, Int)
  /// One model's classes are independent labels, the other's are not.
  case differentKinds(Classifier.Kind, Classifier.Kind)
  /// Both models name their classes, but differently.
  case differentLabels(classIndex: Int, String, String)
}

extension ComparisonError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .folder(let path, let reason): "cannot read the folder \(path): \(reason)"
    case .noPictures(let folder):
      "\(folder) holds no pictures, expected at least one file named "
        + PictureFolder.extensions.map { "." + $0 }.joined(separator: ", ")
    case .nothingClassified(let picture, let reason):
      "none of the pictures can be classified; the first is \(picture): \(reason)"
    case .differentInputs(let first, let second):
      "the models take different inputs, \(first) and \(second); only models that take the same can be compared"
    case .differentClassCounts(let first, let second):
      "the models have \(first) and \(second) classes; only models with the same number can be compared"
    case .differentKinds(let first, let second):
      "the classes of the models are \(first) and \(second); only models of the same kind can be compared"
    case .differentLabels(let index, let first, let second):
      "the models name class \(index) \"\(first)\" and \"\(second)\"; only models with the same names can be compared"
    }
  }
}
