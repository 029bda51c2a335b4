/// Reads weights saved by `torch.save`.
enum PyTorchReader {
  static func read(
    _ file: ForeignFile, options: ImportOptions, progress: ModelImporter.Progress
  ) throws(ImportError) -> ForeignModel {
    throw file.error("weights saved by PyTorch, which cannot be read; convert a Keras model of the same network")
  }
}
