/// Reads models of the Open Neural Network Exchange.
enum ONNXReader {
  static func read(
    _ file: ForeignFile, options: ImportOptions, progress: ModelImporter.Progress
  ) throws(ImportError) -> ForeignModel {
    throw file.error("an ONNX model, which cannot be read; convert the Keras model that it was made from")
  }
}
