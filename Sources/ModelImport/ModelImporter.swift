import ModelGraph
import PlainText
import WeightFormat

/// The one door for models of all formats: recognizes a file, calls its reader, and applies what the caller wants.
///
/// Names, shapes and numbers are read, and nothing else: no code is run.
package enum ModelImporter {
  package enum Stage: String, Sendable {
    case readingFile = "reading"
    case readingWeights = "reading weights"
    case buildingNetwork = "building the network"
  }

  /// Told what is being done and, where it is known, which part of it is done (0 to 1).
  package typealias Progress = (Stage, Double) -> Void

  /// A model, and what the user should know of how it was read: a sentence each.
  package struct Result: Sendable {
    package var model: Model
    package var notes: [String]
  }

  /// - Parameter path: The file; its kind is recognized by its content.
  /// - Returns: A model with a valid graph and, in its metadata, the name and the SHA-256 of the file it came from; one that
  ///   was made of a foreign file has no golden check.
  package static func read(
    path: String, options: ImportOptions = ImportOptions(), progress: Progress = { _, _ in }
  ) throws(ImportError) -> Result {
    progress(.readingFile, 0)
    return try read(ForeignFile(path: path, limit: options.limits.fileSize), options: options, progress: progress)
  }

  package static func read(
    _ file: ForeignFile, options: ImportOptions, progress: Progress = { _, _ in }
  ) throws(ImportError) -> Result {
    try options.checkTexts()
    let kind = file.kind()
    try options.check(for: kind, fileName: file.name)
    if kind == .weightFile { return try readWeightFile(file, options) }
    var foreign = try read(file, as: kind, options: options, progress: progress)
    try resize(&foreign.graph, options)
    let found = outputFound(in: &foreign, options)
    let output = try OutputChange(found: found).apply(options.output, to: &foreign.graph)
    let (preprocessing, assumed) = try self.preprocessing(of: foreign, options)
    let assumptions = foreign.assumptions + assumed
    let metadata = Metadata(
      architecture: foreign.architecture, preprocessing: preprocessing,
      labels: try labels(options.labels.isEmpty ? foreign.labels : options.labels, of: foreign.graph), output: output,
      converter: converter, source: .init(fileName: file.name, sha256: file.digest()), license: options.license,
      attribution: options.attribution, assumptions: assumptions)
    return Result(
      model: Model(graph: foreign.graph, metadata: metadata), notes: foreign.notes + assumptions)
  }

  /// The readers. Each gets the options for what it must know before there is a graph: sizes that the file leaves open.
  private static func read(
    _ file: ForeignFile, as kind: ForeignKind, options: ImportOptions, progress: Progress
  ) throws(ImportError) -> ForeignModel {
    switch kind {
    case .kerasArchive, .hdf5: try KerasReader.read(file, kind, options: options, progress: progress)
    case .onnx: try ONNXReader.read(file, options: options, progress: progress)
    case .safetensors, .safetensorsIndex: try SafetensorsReader.read(file, options: options, progress: progress)
    case .pyTorchArchive, .pyTorchPickle: try PyTorchReader.read(file, options: options, progress: progress)
    case .otherArchive: throw file.error(ForeignKind.archiveRefusal(file.bytes))
    default: throw file.error(kind.refusal)
    }
  }

  private static func outputFound(in foreign: inout ForeignModel, _ options: ImportOptions) -> Metadata.Output {
    if let stated = options.statedOutput { return stated }
    switch OutputValues(of: foreign.graph).finding {
    case .known(let output): return output
    case .open(let source):
      foreign.assumptions.append(
        "the last values, which are computed from the probabilities of \"\(source)\", are assumed to be logits "
          + "(--output-is says what they are)")
      return .classLogits
    }
  }

  private static func resize(_ graph: inout Graph, _ options: ImportOptions) throws(ImportError) {
    guard let size = options.inputSize, case .map(let height, let width, _) = graph.inputShape,
      size != Extent(height: height, width: width)
    else { return }
    do throws(GraphError) {
      graph = try graph.resized(to: size)
    } catch {
      throw .options(reason: "the input size \(size) does not fit: \(error)")
    }
  }

  /// The names of the outputs: as many as there are, or for a single output its name or those of no and yes.
  static func labels(_ given: [String], of graph: Graph) throws(ImportError) -> [String] {
    let count = graph.outputShape.elementCount
    if count == 1, given.count == 1 { return ["not \(given[0])", given[0]] }
    guard given.isEmpty || given.count == count || count == 1 && given.count == 2 else {
      let expected =
        count == 1 ? "1 or 2 (of no and of yes), as there is one output value" : "\(count), one for each output value"
      let most = max(count, 2)
      let difference =
        given.count > most
        ? "the first surplus is label \(most + 1): \(given[most].printable)"
        : "label \(given.count + 1) is the first that is missing, after: \(given[given.count - 1].printable)"
      throw .labels(reason: "\(given.count) labels, expected \(expected); \(difference)")
    }
    return given
  }

  static var converter: String { "xception-convert \(runtimeVersion)" }
}
