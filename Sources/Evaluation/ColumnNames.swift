/// The words by which a first line is known to name columns.
enum ColumnNames {
  static let pictures: Set = [
    "file", "filename", "file_name", "filepath", "image", "image_id", "id", "path", "picture", "photo",
  ]
  static let labels: Set = ["label", "labels", "class", "classes", "class_name", "category", "target", "tags"]
  static let weights: Set = ["weight", "weights", "value", "count"]
  /// Of what classes are called in folders and lists.
  static let aliases: Set = ["name", "names", "folder", "wnid", "synset", "id", "alias"]
  /// Of classes by their numbers.
  static let numbers: Set = ["index", "number", "class_index", "class_id"]
}

extension Set<String> {
  /// Whether a field is one of these words, in lower or upper case.
  func names(_ field: String) -> Bool { contains(field.withoutBlanksAround.lowercased()) }
}

extension String {
  /// Without blanks and tabs before and after it.
  var withoutBlanksAround: String {
    let isBlank = { (scalar: Unicode.Scalar) in scalar == " " || scalar == "\t" }
    let scalars = unicodeScalars.drop(while: isBlank)
    guard let last = scalars.lastIndex(where: { !isBlank($0) }) else { return "" }
    return String(scalars[...last])
  }
}
