import ModelGraph

/// Reads models of the Open Neural Network Exchange, versions 7 and newer of its operations.
enum ONNXReader {
  static func read(
    _ file: ForeignFile, options: ImportOptions, progress: ModelImporter.Progress
  ) throws(ImportError) -> ForeignModel {
    let model = try unsafe file.bytes.withUnsafeBytes { bytes throws(ImportError) in try unsafe ONNXMessages.read(bytes)
    }
    progress(.buildingNetwork, 0)
    var arrays = ONNXArrays(file, limits: options.limits)
    let translation = try ONNXTranslator.translate(
      model, arrays: &arrays, inputSize: options.inputSize, output: options.outputLayer)
    guard translation.graph.parameterCount <= options.limits.parameters else {
      throw .model(
        reason: "has \(translation.graph.parameterCount) weights, more than the limit of \(options.limits.parameters)")
    }
    guard case .map = translation.graph.inputShape else {
      throw .model(reason: "the input is a vector of \(translation.graph.inputShape), expected an image: 1 x C x H x W")
    }
    let name = model.graph.name
    var foreign = ForeignModel(
      graph: translation.graph,
      architecture: ["", "main_graph", "torch_jit", "tf2onnx"].contains(name) ? "ONNX" : name)
    foreign.notes = translation.notes
    foreign.noteFeatures(options)
    return foreign
  }
}
