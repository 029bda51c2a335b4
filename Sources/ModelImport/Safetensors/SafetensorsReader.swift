/// Reads weights in the format of safetensors.
enum SafetensorsReader {
  static func read(
    _ file: ForeignFile, options: ImportOptions, progress: ModelImporter.Progress
  ) throws(ImportError) -> ForeignModel {
    throw file.error("a safetensors file, which cannot be read; convert a Keras model of the same network")
  }
}
