import ModelGraph

/// What the caller knows about a foreign model that its file does not say.
package struct ImportOptions: Sendable {
  /// The size of the network's input where the file leaves it open; replaces the size that it states.
  package var inputSize: Extent?
  /// Nil for Keras's own: nearest neighbor to the input size, `x / 127.5 - 1`, or only the model's rescaling layers
  /// where it begins with such.
  package var preprocessing: Preprocessing?
  /// Changes it, before the model's own rescaling layers are added to it.
  package var changePreprocessing: @Sendable (inout Preprocessing) -> Void = { _ in }
  /// One for each class, or none.
  package var labels: [String] = []
  /// What the last values shall be: a softmax at the end is added or removed for it. Nil leaves the network as it is.
  package var output: Metadata.Output?
  package var license: String?
  package var attribution: String?
  package var limits = ImportLimits()

  package init() {}
}

/// Reads models saved by Keras: `.keras`, whole-model `.h5`, and the weights of an Xception as `.weights.h5` or `.h5`.
///
/// Names, shapes and numbers are read, and nothing else: no code is run, no other file is opened.
package enum KerasImporter {
  package enum Stage: String, Sendable {
    case readingFile = "reading"
    case readingWeights = "reading weights"
    case buildingNetwork = "building the network"
  }

  /// - Parameters:
  ///   - path: The file; its kind is recognized by its content.
  ///   - progress: Told what is being done and, where it is known, which part of it is done (0 to 1).
  /// - Returns: A model with a valid graph and, in its metadata, the name and the SHA-256 of the file; without a golden check.
  package static func read(
    path: String, options: ImportOptions = ImportOptions(), progress: (Stage, Double) -> Void = { _, _ in }
  ) throws(ImportError) -> Model {
    progress(.readingFile, 0)
    return try read(SourceFile(path: path, limit: options.limits.fileSize), options: options, progress: progress)
  }

  /// Reads a model from a file in memory.
  static func read(
    _ file: SourceFile, options: ImportOptions, progress: (Stage, Double) -> Void = { _, _ in }
  ) throws(ImportError) -> Model {
    let digest = SHA256.digest(of: file.bytes)
    let imported = try parse(file, options: options, progress: progress)

    var graph = imported.graph
    let output = try setOutput(of: &graph, to: options.output)
    guard options.labels.isEmpty || options.labels.count == graph.outputShape.elementCount else {
      throw .labels(
        reason: "\(options.labels.count) labels, expected \(graph.outputShape.elementCount), one for each output value")
    }
    var preprocessing = options.preprocessing ?? (imported.scaling == nil ? .keras : .unscaled)
    options.changePreprocessing(&preprocessing)
    if let scaling = imported.scaling { preprocessing = preprocessing.then(scaling) }
    let metadata = Metadata(
      architecture: imported.architecture, preprocessing: preprocessing, labels: options.labels, output: output,
      converter: "xception-convert \(runtimeVersion)", source: .init(fileName: file.name, sha256: digest),
      license: options.license, attribution: options.attribution)
    return Model(graph: graph, metadata: metadata)
  }

  private struct Imported {
    var graph: Graph
    var scaling: InputScaling?
    var architecture: String
  }

  private static func parse(
    _ file: SourceFile, options: ImportOptions, progress: (Stage, Double) -> Void
  ) throws(ImportError) -> Imported {
    if ZipArchive.isZip(file.bytes) { return try readArchive(file, options: options, progress: progress) }
    guard isHDF5(file.bytes) else { throw .file(path: file.path, reason: unknownKind(file.bytes)) }
    let root = try readTree(file.bytes[...], options: options, progress: progress)
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
    return Imported(graph: graph, architecture: "Xception")
  }

  private static func readArchive(
    _ file: SourceFile, options: ImportOptions, progress: (Stage, Double) -> Void
  ) throws(ImportError) -> Imported {
    let archive = try ZipArchive(file.bytes)
    let limits = options.limits
    guard let configuration = try archive.contents(of: "config.json", limit: limits.configurationSize),
      let weights = try archive.contents(of: "model.weights.h5", limit: limits.fileSize)
    else {
      throw .archive(entry: nil, reason: "has no config.json and model.weights.h5: not a .keras file")
    }
    let model = try model(Array(configuration), limits: limits)
    let root = try readTree(weights, options: options, progress: progress)
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
  ) throws(ImportError) -> Imported {
    let (graph, scaling) = try KerasTranslator.translate(model, weights: weights, inputSize: options.inputSize)
    let isXception = model.name == "xception" || model.layers.contains { $0.name == "xception" }
    return Imported(graph: graph, scaling: scaling, architecture: isXception ? "Xception" : model.name)
  }

  private static func readTree(
    _ image: ArraySlice<UInt8>, options: ImportOptions, progress: (Stage, Double) -> Void
  ) throws(ImportError) -> HDF5Group {
    // What training leaves in a file beside the weights.
    let skipped: Set = ["optimizer", "optimizer_weights", "metrics"]
    return try image.withUnsafeBufferPointer { bytes throws(ImportError) in
      try HDF5Reader.read(UnsafeRawBufferPointer(bytes), limits: options.limits, skipping: skipped) {
        progress(.readingWeights, $0)
      }
    }
  }

  /// The signature of HDF5's superblock, which may stand behind a user block of 512 bytes or more.
  private static func isHDF5(_ bytes: [UInt8]) -> Bool {
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
    return bytes.starts(with: signature)
      || sequence(first: 512) { $0 * 2 }.prefix { $0 < bytes.count }.contains { bytes[$0...].starts(with: signature) }
  }

  private static func unknownKind(_ bytes: [UInt8]) -> String {
    let expected = "expected a .keras or .h5 file of Keras"
    if bytes.first == 0x80, bytes.count > 1, (2...5).contains(bytes[1]) {
      return "a pickle, which can run code; \(expected)"
    }
    return bytes.isEmpty ? "an empty file; \(expected)" : "of an unknown kind; \(expected)"
  }

  /// What the graph's last values are, once a softmax has been added or a softmax or sigmoid removed as asked for.
  private static func setOutput(
    of graph: inout Graph, to wanted: Metadata.Output?
  ) throws(ImportError) -> Metadata.Output {
    let last = graph.nodes[graph.nodes.count - 1]
    let found: Metadata.Output =
      switch last.operation {
      case .softmax: .classProbabilities
      case .activation(.sigmoid): .labelProbabilities
      default: .classLogits
      }
    guard let wanted, wanted != found else { return found }
    switch wanted {
    case .classProbabilities, .labelProbabilities:
      guard case .vector = last.shape else {
        throw .options(reason: "the output is a map of \(last.shape): it has no probabilities")
      }
      graph.nodes.append(
        Node(name: last.name + "/softmax", operation: .softmax, inputs: [graph.nodes.count - 1], shape: last.shape))
    case .classLogits, .labelLogits:
      guard last.inputs == [graph.nodes.count - 2], graph.consumers[graph.nodes.count - 2].count == 1 else {
        throw .options(reason: "\"\(last.name)\" does not follow the logits directly: it cannot be removed")
      }
      graph.nodes.removeLast()
    }
    return wanted
  }
}
