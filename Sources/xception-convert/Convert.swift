import ArgumentParser
import CommandSupport
import ModelGraph
import ModelImport
import WeightFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@main
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "xception-convert",
    abstract: "Convert a model saved by Keras to a weights file (.xcw).",
    discussion: """
      Reads .keras files, whole-model .h5 files, and the weights of an Xception as .weights.h5 or .h5, with the names of \
      Keras 1 (the official ImageNet file), 2 or 3. No code in them is run and no other file is opened.

      The new file is written whole or not at all; one that is there is replaced.
      """,
    version: runtimeVersion)

  @Argument(help: "The model saved by Keras.", completion: .file(extensions: ["keras", "h5"]))
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

  @Flag(help: "Store the weights uncompressed and aligned, to be mapped into memory.")
  var stored = false

  @Option(help: "The type of stored weights; biases and normalizations stay fp32.")
  var precision = Precision.fp32

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
  }

  func run() throws { try reportingErrors(as: "xception-convert", convert) }

  private func convert() throws {
    let clock = ContinuousClock()
    let start = clock.now
    let progress = ProgressLine(isShown: !quiet)
    defer { progress.clear() }

    var options = ImportOptions()
    options.inputSize = inputSize?.extent
    options.preprocessing = preprocessing.base
    options.changePreprocessing = preprocessing.change
    options.output = outputKind
    options.license = license
    options.attribution = attribution
    if let labels { options.labels = try Labels.read(labels) }

    var model = try KerasImporter.read(path: input, options: options) { stage, part in
      progress.show(stage.rawValue, part: part)
    }
    if precision != .fp32 {
      progress.show("rounding to \(precision.rawValue)")
      model.graph.tensors = try model.graph.tensors.map { try $0.converted(to: precision.elementType) }
    }
    progress.show("running the network once, in plain loops, for the file's own check")
    model.metadata.golden = try GoldenCheck.record(of: model.graph)
    progress.show("writing")
    try WeightFile.write(model, to: output, profile: stored ? .stored : .compact)
    progress.clear()

    let summary = Summary(model: model, input: input, output: output, time: start.duration(to: clock.now))
    if json { print(try jsonLine(summary.object())) } else if !quiet { print(try summary.text()) }
  }
}

/// Whether two paths lead to one file.
private func isSameFile(_ first: String, _ second: String) -> Bool {
  var (a, b) = (stat(), stat())
  return stat(first, &a) == 0 && stat(second, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino
}

/// The types that weights can be stored in.
enum Precision: String, CaseIterable, ExpressibleByArgument {
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
