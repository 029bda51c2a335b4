import ArgumentParser
import CommandSupport
import Comparison
import ModelGraph
import ModelImport
import Optimizer
import WeightFormat

@main
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "xception-convert",
    abstract: "Converts a model to a weights file (.xcw).",
    discussion: """
      Reads .keras files, whole-model .h5 files, and the weights of an Xception as .weights.h5 or .h5, with the names of \
      Keras 1 (the official ImageNet file), 2 or 3. No code in them is run and no other file is opened. Reads .xcw files \
      too, to store their weights in another way.

      --quantize int8 makes a file of less than a quarter of the size, which runs in int8. It needs no photos; with \
      --validate it tells from some what that costs.

      The new file is written whole or not at all; one that is there is replaced.
      """,
    version: runtimeVersion)

  @Argument(
    help: "The model saved by Keras, or a weights file.", completion: .file(extensions: ["keras", "h5", "xcw"]))
  var input: String

  @Argument(help: "The weights file to write.", completion: .file(extensions: ["xcw"]))
  var output: String

  @Option(
    help: ArgumentHelp(
      "The names of the classes: a file (one a line, a JSON array, or Keras's class index), or a list.",
      valueName: "file|a,b,c"))
  var labels: String?

  @Option(
    help: ArgumentHelp(
      "The size of the images that the network takes, where the model leaves it open or to replace it.",
      valueName: "n|WxH"))
  var inputSize: InputSize?

  @OptionGroup(title: "Preprocessing")
  var preprocessing: PreprocessingArguments

  @Option(
    name: .customLong("output"),
    help:
      "Whether the last values are logits or probabilities; a softmax is added or removed for it. (default: as the model is)"
  )
  var outputKind: Metadata.Output?

  @Flag(help: "Store the weights uncompressed and aligned: a larger file that loads faster.")
  var stored = false

  @Option(
    help: """
      The type of stored weights. Biases and normalizations stay fp32. For bf16, normalizations are folded and what is \
      multiplied in fp32 (kernels of depthwise and of small convolutions) becomes fp16; the network then runs in bf16 \
      unless told otherwise. (default: as they are)
      """)
  var precision: WeightType?

  @Option(
    help: """
      Fold the normalizations and store the weights of products as integers of 8 bits with a scale for each output \
      channel; the network then runs in int8 unless told otherwise.
      """)
  var quantize: Quantization?

  @Option(
    name: .customLong("validate"),
    help: ArgumentHelp(
      """
      With --quantize or --precision: classify the pictures of this folder, and of the folders in it, with both models \
      and print how far they agree. Pictures that cannot be decoded are listed and left out.
      """, valueName: "folder"))
  var photos: String?

  @Option(help: "The license of the weights.")
  var license: String?

  @Option(help: "Who made the weights.")
  var attribution: String?

  @Flag(help: "Print nothing.")
  var quiet = false

  @Flag(help: "Print the summary as a JSON object.")
  var json = false

  func validate() throws {
    if isSameFile(input, output) { throw ValidationError("the output would replace the input") }
    if quiet && json { throw ValidationError("--quiet and --json exclude each other") }
    if quantize != nil, precision != nil { throw ValidationError("--quantize and --precision exclude each other") }
    if photos != nil, quantize == nil, precision == nil {
      throw ValidationError("--validate compares with the model as it was, so it needs --quantize or --precision")
    }
  }

  func run() throws { try reportingErrors(as: "xception-convert", convert) }

  private func convert() throws {
    let clock = ContinuousClock()
    let start = clock.now
    let progress = ProgressLine(isShown: !quiet)
    defer { progress.clear() }
    try WeightFile.checkDestination(output)
    let pictures = try photos.map { try PictureFolder.pictures(in: $0) }

    let imported = try ModelImporter.read(path: input, options: importOptions()) { stage, part in
      progress.show(stage.rawValue, part: part)
    }
    let original = imported.model
    progress.clear()
    if !quiet { for note in imported.notes { StandardError.print("xception-convert: \(input): \(note)") } }
    var (model, quantized) = try change(original, progress)
    progress.show("running the network once, in plain loops, for the file's own check")
    model.metadata.golden = try GoldenCheck.record(of: model.graph)
    var trial: Trial?
    if !quiet, quantize != nil || photos != nil {
      trial = try Trial(original, model, named: (input, output), pictures: pictures, in: photos ?? "", progress)
    }
    progress.show("writing")
    try WeightFile.write(model, to: output, profile: stored ? .stored : .compact)
    progress.clear()

    let summary = Summary(
      model: model, input: input, output: output, time: start.duration(to: clock.now), quantized: quantized,
      comparison: try trial?.report())
    if json { print(try jsonLine(summary.object())) } else if !quiet { print(try summary.text()) }
  }

  private func importOptions() throws -> ImportOptions {
    var options = ImportOptions()
    options.inputSize = inputSize?.extent
    options.preprocessing = preprocessing.base
    options.changePreprocessing = preprocessing.change
    options.output = outputKind
    options.license = license
    options.attribution = attribution
    if let labels { options.labels = try Labels.read(labels) }
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
    "\(input): nothing to store in \(asked.rawValue), "
      + (found == .int8 ? "its weights are int8 already" : "no weight of it belongs to a product that is large enough")
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
