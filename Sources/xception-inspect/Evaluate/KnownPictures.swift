import Comparison
import Evaluation
import Foundation
import ImageInput

/// Pictures with the names of their classes.
struct KnownPictures {
  let truth: Truth
  private let folder: String
  /// Of the folder or list, for errors.
  private let path: String

  /// - Throws: `InputFileError` where what is listed cannot be used, `ComparisonError` where a folder cannot be read.
  init(at path: String) throws {
    self.path = path
    if URL(filePath: path).hasDirectoryPath || isFolder(path) {
      folder = path
      let pictures = try PictureFolder.pictures(in: path)
      truth = try InputFileError.naming(path) { () throws(TruthError) in try Truth(folders: pictures) }
    } else {
      folder = (path as NSString).deletingLastPathComponent
      let list = try InputFileError.text(ofFileAt: path)
      truth = try InputFileError.naming(path) { () throws(TruthError) in try Truth(list: list) }
    }
  }

  var count: Int { truth.entries.count }

  func path(of index: Int) -> String {
    let picture = truth.entries[index].picture
    return picture.hasPrefix("/") || folder.isEmpty ? picture : folder + "/" + picture
  }

  func classes(_ index: ClassIndex) throws(InputFileError) -> [Int] {
    try InputFileError.naming(path) { () throws(TruthError) in try truth.classes(index) }
  }

  func labelSets(_ index: ClassIndex) throws(InputFileError) -> [Set<Int>] {
    try InputFileError.naming(path) { () throws(TruthError) in try truth.labelSets(index) }
  }
}

private func isFolder(_ path: String) -> Bool {
  let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
  return type == .typeDirectory
}
