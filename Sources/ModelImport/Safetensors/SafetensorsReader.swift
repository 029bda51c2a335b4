/// Reads weights in the format of safetensors, whose network is found by their names.
enum SafetensorsReader {
  static func read(
    _ file: ForeignFile, options: ImportOptions, progress: ModelImporter.Progress
  ) throws(ImportError) -> ForeignModel {
    var arrays: [NamedArray] = []
    for part in try parts(of: file, options.limits) {
      arrays += try SafetensorsHeader(part, limits: options.limits).arrays
    }
    progress(.buildingNetwork, 0)
    return try StateDictionary(arrays).model(beside: file, options: options)
  }

  /// The file, or those that an index (`model.safetensors.index.json`) names beside itself, which hold a part of the arrays each.
  private static func parts(of file: ForeignFile, _ limits: ImportLimits) throws(ImportError) -> [ForeignFile] {
    guard file.kind() == .safetensorsIndex else {
      // model-00001-of-00002.safetensors
      if let range = file.name.firstRange(of: "-of-"),
        Int(file.name[range.upperBound...].prefix { $0.isNumber }) ?? 1 > 1
      {
        throw file.error(
          "one of several files that a model lies in; give the index beside it, model.safetensors.index.json")
      }
      return [file]
    }
    guard file.bytes.count <= limits.configurationSize else {
      throw file.error("an index of \(file.bytes.count) bytes, more than the limit of \(limits.configurationSize)")
    }
    guard case .object(let places)? = try JSONParser.parse(file.bytes.array)["weight_map"] else {
      throw file.error("its weight_map is no JSON object")
    }
    let names = Set(places.values.compactMap(\.string)).sorted()
    guard !names.isEmpty, names.count <= 1024 else { throw file.error("names \(names.count) files") }
    var parts: [ForeignFile] = []
    for name in names {
      guard !name.unicodeScalars.contains(where: { $0 == "/" || $0 == "\\" || $0 == "\0" }),
        name.hasSuffix(".safetensors")
      else {
        throw file.error("names \"\(name)\", expected .safetensors files in its own folder")
      }
      parts.append(try ForeignFile(path: file.folder + name, limit: limits.fileSize))
    }
    return parts
  }
}
