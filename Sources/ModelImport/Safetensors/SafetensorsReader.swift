/// Reads weights in the format of safetensors, whose network is found by their names.
enum SafetensorsReader {
  static func read(
    _ file: ForeignFile, options: ImportOptions, progress: ModelImporter.Progress
  ) throws(ImportError) -> ForeignModel {
    let header = try SafetensorsHeader(file, limits: options.limits)
    progress(.buildingNetwork, 0)
    return try StateDictionary(header.arrays).model(beside: file, options: options)
  }
}
