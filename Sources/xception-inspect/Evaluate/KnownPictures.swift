import Comparison
import Evaluation
import Files
import ImageInput

/// Pictures with the names of their classes.
struct KnownPictures {
  let truth: Truth
  /// With a slash at its end, or empty.
  private let folder: String
  /// Of the folder or list, for errors.
  private let path: String

  /// - Throws: `InputFileError` where what is listed cannot be used, `ComparisonError` where a folder cannot be read.
  init(at path: String) throws {
    self.path = path
    if isFolder(path) {
      folder = path.hasSuffix("/") ? path : path + "/"
      let pictures = try PictureFolder.pictures(in: path)
      truth = try InputFileError.naming(path) { () throws(TruthError) in try Truth(folders: pictures) }
    } else {
      let scalars = path.unicodeScalars
      folder = scalars.lastIndex(of: "/").map { String(scalars[...$0]) } ?? ""
      truth = try ListFile(path)(Truth.init(list:))
    }
  }

  var count: Int { truth.entries.count }

  func path(of index: Int) -> String {
    let picture = truth.entries[index].picture
    return picture.hasPrefix("/") ? picture : folder + picture
  }

  func classes(_ index: ClassIndex) throws(InputFileError) -> [Int] {
    try InputFileError.naming(path) { () throws(TruthError) in try truth.classes(index) }
  }

  func labelSets(_ index: ClassIndex) throws(InputFileError) -> [Set<Int>] {
    try InputFileError.naming(path) { () throws(TruthError) in try truth.labelSets(index) }
  }
}
