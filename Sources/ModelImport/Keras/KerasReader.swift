import ModelGraph

/// Reads models saved by Keras: `.keras`, whole-model `.h5`, and the weights of networks known by name as
/// `.weights.h5` or `.h5`.
///
/// Names, shapes and numbers are read, and nothing else: no code is run, no other file is opened.
enum KerasReader {
  static func read(
    _ file: ForeignFile, _ kind: ForeignKind, options: ImportOptions, progress: ModelImporter.Progress
  ) throws(ImportError) -> ForeignModel {
    if kind == .kerasArchive { return try readArchive(file, options: options, progress: progress) }
    progress(.readingWeights, 0)
    let root: KerasGroup
    do throws(ImportError) {
      root = try KerasGroup(file.bytes, limits: options.limits)
    } catch {
      throw file.error("an HDF5 file (.h5) that cannot be read: \(error); download or copy it again, or save it again")
    }
    progress(.buildingNetwork, 0)
    if let configuration = root.attributes["model_config"]?.first {
      guard let weights = root.groups["model_weights"] else {
        throw .hdf5(path: "/", reason: "has model_config but no group model_weights")
      }
      let model = try model(Array(configuration.utf8), limits: options.limits)
      let version = root.attributes["keras_version"]?.first ?? weights.attributes["keras_version"]?.first
      return try translate(model, weights: try LegacyWeights(weights), isKeras3: isKeras3(version), options: options)
    }
    return try KnownWeights(root).model(options)
  }

  private static func readArchive(
    _ file: ForeignFile, options: ImportOptions, progress: ModelImporter.Progress
  ) throws(ImportError) -> ForeignModel {
    let archive = try ZipArchive(file.bytes)
    let limits = options.limits
    guard let configuration = try archive.contents(of: "config.json", limit: limits.configurationSize),
      let weights = try archive.contents(of: "model.weights.h5", limit: limits.fileSize)
    else { throw file.error(ForeignKind.incompleteKeras(archive.names)) }
    let model = try model(configuration.array, limits: limits)
    progress(.readingWeights, 0)
    let root = try KerasGroup(weights, limits: limits)
    progress(.buildingNetwork, 0)
    let metadata = try archive.contents(of: "metadata.json", limit: limits.configurationSize)
    let version = try metadata.map { bytes throws(ImportError) in try JSONParser.parse(bytes.array) }
    return try translate(
      model, weights: Keras3Weights(root), isKeras3: isKeras3(version?["keras_version"]?.string), options: options)
  }

  /// Whether the functions are those of Keras 3; a file that does not say so is read as one of Keras 2.
  private static func isKeras3(_ version: String?) -> Bool {
    (version?.split(separator: ".").first).flatMap { Int($0) }.map { $0 >= 3 } ?? false
  }

  private static func model(_ json: [UInt8], limits: ImportLimits) throws(ImportError) -> KerasModel {
    guard json.count <= limits.configurationSize else {
      throw .model(reason: "its description has \(json.count) bytes, more than \(limits.configurationSize)")
    }
    return try KerasModel(try JSONParser.parse(json))
  }

  private static func translate(
    _ model: KerasModel, weights: any KerasWeights, isKeras3: Bool, options: ImportOptions
  ) throws(ImportError) -> ForeignModel {
    try options.checkWholeNetwork()
    let translation = try KerasTranslator.translate(
      model, weights: weights, options: options, isKeras3: isKeras3)
    let known = KnownNetwork.of(model)
    var foreign = ForeignModel(graph: translation.graph, architecture: known?.name ?? model.name)
    foreign.preprocessing = translation.preprocessing
    foreign.notes = translation.notes
    foreign.noteFeatures(options)
    if translation.preprocessing == .unknown, let known, let usual = known.preprocessing {
      foreign.preprocessing = .recognized(usual, network: known.name)
    }
    return foreign
  }
}
