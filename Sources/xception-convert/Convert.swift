import ArgumentParser
import CommandSupport
import Comparison
import ModelGraph
import ModelImport
import Optimizer
import PlainText
import WeightFormat
import Xception

@main
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "xception-convert",
    abstract: "Converts a model to a weights file (.xcw).",
    discussion: """
      Reads .keras files and whole-model .h5 files of Keras 2 and 3; the weights of a network of keras.applications as \
      .weights.h5 or .h5, of Keras 1 (the official ImageNet files), 2 or 3; .onnx files; and the weights of networks of \
      torchvision and timm as .safetensors, .pth, .pt or .bin. No code in them is run; the only other files that are opened \
      are an .onnx file's external data, the parts that an index of .safetensors lists, and config.json and \
      preprocessor_config.json beside weights. Reads .xcw files too, to store their weights in another way.

      --quantize int8 makes a file of less than a quarter of the size, which runs in int8. It needs no photos; \
      --validate shows on photos of yours what it costs.

      Before the file is written, the network is run in each precision that the file will run in, and its output compared \
      with that of plain loops. The file is written whole or not at all; one that is there already is replaced, and its \
      permissions are kept. A symbolic link is replaced, not followed.
      """,
    version: runtimeVersion)

  @Argument(
    help: "The model: a file of Keras, ONNX or PyTorch, a weights file, or the name of an installed model.",
    completion: .file(extensions: ["keras", "h5", "hdf5", "onnx", "safetensors", "json", "pth", "pt", "bin", "xcw"]))
  var input: String

  @Argument(help: "The weights file to write.", completion: .file(extensions: ["xcw"]))
  var output: String

  @Option(
    help: ArgumentHelp(
      """
      The names of the classes: a file (one per line, with or without numbers, CSV, or JSON: a list, an index as Keras or \
      flow_from_directory writes it, a configuration with id2label), a folder with a folder for each class, or a list. A \
      yes/no classifier has one name or two, of no and of yes.
      """, valueName: "file|folder|a,b,c"), completion: .file())
  var labels: String?

  @Option(help: "The order of a folder's classes: by their characters (Keras) or by their numbers (natural, timm).")
  var labelOrder: Labels.Order = .characters

  @Option(
    help: ArgumentHelp(
      "The size of the images that the network takes, where the model leaves it open, or to replace the model's.",
      valueName: "n|WxH"))
  var inputSize: InputSize?

  @Option(
    help: ArgumentHelp(
      """
      The network that a file of weights alone is of, such as ResNet50 of keras.applications, or resnet50 of torchvision \
      or timm. (default: the one that the weights fit)
      """, valueName: "name"))
  var architecture: String?

  @Option(
    help: """
      What follows the features where a file of weights alone has no classifier. (default: as the file says, else avg)
      """)
  var pooling: FeaturePooling?

  @OptionGroup(title: "Preprocessing")
  var preprocessing: PreprocessingArguments

  @Option(
    name: .customLong("output"),
    help: """
      What the last values should be: those of exclusive classes (logits, probabilities) or of independent labels \
      (label-logits, label-probabilities); a softmax or sigmoid at the end is added or removed accordingly. A single value \
      is always a yes/no answer. (default: as the model is)
      """)
  var outputKind: Metadata.Output?

  @Option(
    name: .customLong("output-is"),
    help: """
      What the last values are, if the network does not tell it (a note says so) or tells it wrongly: one of the same names.
      """)
  var statedOutput: Metadata.Output?

  @Option(
    help: ArgumentHelp(
      "Which output to keep of a model that has several: the name of its layer, in ONNX its own.", valueName: "name"))
  var outputLayer: String?

  @Option(
    name: .customLong("lambda"),
    help: ArgumentHelp(
      """
      What a Lambda layer computes, whose code is never run: keras (x / 127.5 - 1), caffe (BGR less ImageNet's means), \
      torch (ImageNet's means and deviations) or identity. May be repeated.
      """, valueName: "layer=function"))
  var lambdas: [LambdaArgument] = []

  @Flag(help: "Store the weights uncompressed and aligned: a larger file that loads faster.")
  var stored = false

  @Option(
    help: """
      The type of stored weights. Biases and normalizations stay fp32. For bf16, normalizations are folded and the \
      kernels that multiply in fp32 (those of depthwise and of small convolutions) become fp16; the network then runs in \
      bf16 unless told otherwise. (default: as they are)
      """)
  var precision: WeightType?

  @Option(
    help: """
      Fold the normalizations and store the weights of products as 8-bit integers with a scale for each output channel; \
      the network then runs in int8 unless told otherwise. Of networks of up to 67 million weights the speed of both on this \
      machine is told, which takes both in memory at once; xception-inspect compare tells that of any.
      """)
  var quantize: Quantization?

  @Option(
    name: .customLong("validate"),
    help: ArgumentHelp(
      """
      With --quantize or --precision: classify the pictures in this folder and the folders inside it with both models, and \
      print how far they agree. Pictures that cannot be classified are listed and left out.
      """, valueName: "folder"), completion: .directory)
  var photos: String?

  @Flag(
    help: """
      Pack the weights as this processor reads them, too, and keep them in the cache folder, so that the first \
      xception-run of the new file starts as fast as the second.
      """)
  var forThisMachine = false

  @Option(help: "The license of the weights.")
  var license: String?

  @Option(help: "Who made the weights.")
  var attribution: String?

  @Flag(help: "Print nothing.")
  var quiet = false

  @Flag(help: "Print the summary as a JSON object.")
  var json = false

  static func main() { runAndExit() }

  func validate() throws {
    if isSameFile((try? source()) ?? input, output) { throw ValidationError("the output file is the input file") }
    if quiet && json { throw ValidationError("--quiet and --json cannot be used together") }
    if quantize != nil, precision != nil { throw ValidationError("--quantize and --precision cannot be used together") }
    if quiet, photos != nil { throw ValidationError("--quiet prints nothing of what --validate finds: expected one") }
    if photos != nil, quantize == nil, precision == nil {
      throw ValidationError("--validate compares the model before and after, so it needs --quantize or --precision")
    }
  }

  func run() throws { try reportingErrors(as: "xception-convert", convert) }

  /// The file that the input means.
  private func source() throws(ModelNameError) -> String { try InstalledModels().path(meantBy: input) }

  private func convert() throws {
    let clock = ContinuousClock()
    let start = clock.now
    let progress = ProgressLine(isShown: !quiet)
    defer { progress.clear() }
    try WeightFile.checkDestination(output)
    let pictures = try photos.map { try PictureFolder.pictures(in: $0) }
    let inputs = [labels].compactMap(\.self) + (pictures ?? []).map { (photos ?? "") + "/" + $0 }
    try OutputFile.check(output, isNoneOf: inputs)

    let source = try source()
    let imported = try read(source, progress)
    let original = imported.model
    progress.clear()
    if !quiet { for note in imported.notes { StandardError.print("xception-convert: \(input): \(note)") } }
    var (model, quantized) = try change(original, progress)
    try WeightFile.check(model)
    model.metadata.golden = try golden(of: model.graph, progress)
    try check(&model, progress)
    var trial: Trial?
    if !quiet, photos != nil || quantize != nil && Trial.isRaced(model) {
      trial = try Trial(original, model, named: (source, output), pictures: pictures, in: photos ?? "", progress)
    }
    try WeightFile.write(model, to: output, profile: stored ? .stored : .compact) { part in
      progress.show("writing", part: part)
    }
    if forThisMachine { keepPackedWeights(progress) }
    progress.clear()

    let summary = ConversionSummary(
      model: model, input: source, output: output, time: start.duration(to: clock.now), quantized: quantized,
      comparison: try trial?.report())
    if json { print(try jsonLine(summary.object())) } else if !quiet { print(try summary.text().printableLines) }
  }

  /// - Throws: `ValidationError` where the options do not fit the model.
  private func read(_ source: String, _ progress: ProgressLine) throws -> ModelImporter.Result {
    do {
      return try ModelImporter.read(path: source, options: importOptions()) { stage, part in
        progress.show(stage.rawValue, part: part)
      }
    } catch ImportError.options(let reason) {
      throw ValidationError(reason)
    }
  }

  /// The file is there, whatever becomes of these.
  private func keepPackedWeights(_ progress: ProgressLine) {
    progress.show("packing the weights for this machine")
    do {
      guard let cache = try WeightCache.ofUser() else { throw NoCacheFolder() }
      try cache.keepWeights(ofFileAt: output)
    } catch {
      progress.clear()
      StandardError.print("xception-convert: the packed weights are not kept: \(error)")
    }
  }

  private func golden(of graph: Graph, _ progress: ProgressLine) throws -> Metadata.Golden {
    do {
      return try GoldenCheck.record(of: graph) { part in
        progress.show("running the network in plain loops, for the file's own check", part: part)
      }
    } catch let error as NetworkOverflow {
      throw FailedCheck(input: input, reason: error.description)
    }
  }

  /// Runs the golden check of what will be written, in each precision that it will run in. What fp32 needs of a network that
  /// magnifies rounding becomes the file's tolerance.
  private func check(_ model: inout Model, _ progress: ProgressLine) throws {
    guard let check = GoldenCheck(of: model) else { return }
    let outcomes = try check.run(GoldenCheck.sparing(model.graph)) { precision in
      progress.show("comparing with the kernels in \(precision.rawValue)")
    }
    guard let outcome = outcomes.first(where: { !$0.isPassed }) else {
      progress.clear()
      for outcome in outcomes { accept(outcome, for: &model) }
      return
    }
    if let overflow = try GoldenCheck.overflow(of: model.graph) {
      throw FailedCheck(input: input, reason: overflow.description)
    }
    throw FailedCheck(input: input, reason: outcome.reasonOfFailure)
  }

  private func accept(_ outcome: GoldenCheck.Outcome, for model: inout Model) {
    guard let sensitivity = outcome.sensitivity else { return }
    if outcome.precision == .float32 { model.metadata.golden?.tolerance = outcome.tolerance }
    guard !quiet else { return }
    let precision = outcome.precision.rawValue
    StandardError.print(
      "xception-convert: \(input): the network magnifies the rounding of its layers: in \(precision) its output differs from "
        + "that of plain loops by \(outcome.difference), and rounding alone moves it by \(sensitivity)")
  }

  private func importOptions() throws -> ImportOptions {
    var options = ImportOptions()
    options.inputSize = inputSize?.extent
    options.preprocessing = preprocessing.preprocess
    options.preprocessingChange = preprocessing.change
    options.output = outputKind
    options.statedOutput = statedOutput
    options.license = license
    options.attribution = attribution
    options.outputLayer = outputLayer
    options.architecture = architecture
    options.pooling = pooling
    for lambda in lambdas { options.lambdas[lambda.layer] = lambda.meaning }
    if let labels { options.labels = try Labels.read(labels, order: labelOrder) }
    return options
  }

  /// The model with its weights as they will be stored, and what quantizing did to each.
  private func change(_ model: Model, _ progress: ProgressLine) throws -> (Model, [QuantizedTensor]) {
    var model = model
    if quantize != nil {
      let (graph, tensors) = try Optimizer.quantize(model.graph, to: .int8) { part in
        progress.show("quantizing", part: part)
      }
      guard !tensors.isEmpty else { throw NothingToQuantize(input: input, found: graph.precision, asked: .int8) }
      model.graph = graph
      return (model, tensors)
    }
    guard let precision else { return (model, []) }
    progress.show("rounding to \(precision.rawValue)")
    if precision == .bf16 {
      model.graph = try Optimizer.quantize(model.graph, to: .bfloat16).graph
      let found = model.graph.precision
      guard found == .bfloat16 else { throw NothingToQuantize(input: input, found: found, asked: .bfloat16) }
    } else {
      model.graph.tensors = try model.graph.tensors.map { try $0.converted(to: precision.elementType) }
    }
    return (model, [])
  }
}

private struct NothingToQuantize: Error, CustomStringConvertible {
  var input: String
  var found: Precision
  var asked: Precision

  var description: String {
    "\(input): there is nothing to store in \(asked.rawValue), "
      + (found == .int8 ? "its weights are int8 already" : "none of its products is large enough")
  }
}

private struct NoCacheFolder: Error, CustomStringConvertible {
  var description: String { "neither HOME nor XDG_CACHE_HOME says where" }
}

private struct FailedCheck: Error, CustomStringConvertible {
  var input: String
  var reason: String

  var description: String { "\(input): \(reason); nothing was written" }
}

extension GoldenCheck.Outcome {
  fileprivate var reasonOfFailure: String {
    let found = "its output differs from that of plain loops by \(difference), expected at most \(tolerance)"
    guard let sensitivity, 4 * sensitivity > tolerance else {
      return "in \(precision.rawValue) the converted network does not compute what it should: \(found)"
    }
    return "the network magnifies rounding too much to be run in \(precision.rawValue): that of its layers alone moves "
      + "its output by \(sensitivity); \(found)"
  }
}

/// What weights can be quantized to.
enum Quantization: String, CaseIterable, ExpressibleByArgument {
  case int8
}

/// The types of floating-point numbers that weights can be stored in.
enum WeightType: String, CaseIterable, ExpressibleByArgument {
  case fp32, fp16, bf16

  var elementType: ElementType {
    switch self {
    case .fp32: .float32
    case .fp16: .float16
    case .bf16: .bfloat16
    }
  }
}

extension Metadata.Output: ExpressibleByArgument {}

extension Labels.Order: ExpressibleByArgument {}

extension FeaturePooling: ExpressibleByArgument {}

/// `name=caffe`
struct LambdaArgument: ExpressibleByArgument {
  var layer: String
  var meaning: LambdaMeaning

  init?(argument: String) {
    guard let sign = argument.lastIndex(of: "="), sign > argument.startIndex,
      let meaning = LambdaMeaning(rawValue: String(argument[argument.index(after: sign)...]))
    else { return nil }
    layer = String(argument[..<sign])
    self.meaning = meaning
  }
}
