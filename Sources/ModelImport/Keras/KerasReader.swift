import HDF5
import ModelGraph

/// Reads models saved by Keras: `.keras`, whole-model `.h5`, and the weights of an Xception as `.weights.h5` or `.h5`.
///
/// Names, shapes and numbers are read, and nothing else: no code is run, no other file is opened.
enum KerasReader {
  static func read(
    _ file: ForeignFile, _ kind: ForeignKind, options: ImportOptions, progress: ModelImporter.Progress
  ) throws(ImportError) -> ForeignModel {
    if kind == .kerasArchive { return try readArchive(file, options: options, progress: progress) }
    progress(.readingWeights, 0)
    let root = try KerasGroup(file.bytes, limits: options.limits)
    progress(.buildingNetwork, 0)
    if let configuration = root.attributes["model_config"]?.first {
      guard let weights = root.groups["model_weights"] else {
        throw .hdf5(path: "/", reason: "has model_config but no group model_weights")
      }
      let model = try model(Array(configuration.utf8), limits: options.limits)
      return try translate(model, weights: try LegacyWeights(weights), options: options)
    }
    let xception =
      LegacyWeights.isLegacy(root) ? try XceptionWeights(legacy: root) : try XceptionWeights(keras3: root)
    let graph = try xception.graph(inputSize: options.inputSize ?? Extent(299))
    var foreign = ForeignModel(graph: graph, architecture: "Xception")
    foreign.preprocessing = .recognized(.keras, network: "Xception")
    return foreign
  }

  private static func readArchive(
    _ file: ForeignFile, options: ImportOptions, progress: ModelImporter.Progress
  ) throws(ImportError) -> ForeignModel {
    let archive = try ZipArchive(file.bytes)
    let limits = options.limits
    guard let configuration = try archive.contents(of: "config.json", limit: limits.configurationSize),
      let weights = try archive.contents(of: "model.weights.h5", limit: limits.fileSize)
    else {
      throw .archive(entry: nil, reason: "has no config.json and model.weights.h5: not a .keras file")
    }
    let model = try model(configuration.array, limits: limits)
    progress(.readingWeights, 0)
    let root = try KerasGroup(weights, limits: limits)
    progress(.buildingNetwork, 0)
    return try translate(model, weights: Keras3Weights(root), options: options)
  }

  private static func model(_ json: [UInt8], limits: ImportLimits) throws(ImportError) -> KerasModel {
    guard json.count <= limits.configurationSize else {
      throw .model(reason: "its description has \(json.count) bytes, more than \(limits.configurationSize)")
    }
    return try KerasModel(try JSONParser.parse(json))
  }

  private static func translate(
    _ model: KerasModel, weights: any KerasWeights, options: ImportOptions
  ) throws(ImportError) -> ForeignModel {
    let (graph, scaling) = try KerasTranslator.translate(model, weights: weights, inputSize: options.inputSize)
    let isXception = model.name == "xception" || model.layers.contains { $0.name == "xception" }
    var foreign = ForeignModel(graph: graph, architecture: isXception ? "Xception" : model.name)
    if let scaling { foreign.preprocessing = .scaled(scaling) }
    return foreign
  }
}
