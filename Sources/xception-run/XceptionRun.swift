import ArgumentParser
import CommandSupport
import ModelGraph
import Xception

@main
struct XceptionRun: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "xception-run",
    abstract: "Classifies images with a trained network.",
    discussion: """
      Images are JPEG, PNG, PPM, PGM or PAM files, recognized by content; - reads one from standard input.
      Without --model, the environment variable XCEPTION_MODEL names the weights file, or else the model that \
      Examples/quickstart.sh installed is used.

      The exit code is 0 if every image was classified, 1 if one was not, 64 for wrong usage.
      """,
    version: runtimeVersion)

  @Argument(help: "The images.") var images: [String]
  @Option(help: "The weights file (.xcw).") var model: String?
  @Option(help: "How many classes to print; 0 for all.") var top = 5
  @Flag(help: "Print one JSON object per image per line.") var json = false
  @Flag(help: "With --json: add the values that enter the classifier.") var features = false
  @Option(help: PrecisionArgument.help) var precision = PrecisionArgument.auto
  @Option(help: "The most threads to use; all that this process may use unless given.") var threads: Int?
  @Option(
    help: """
      The instruction set of the kernels (amx, avx512bf16, avx512vnni, avx512, avx2, portable); the best one, or that of \
      XCEPTION_ISA, unless given.
      """)
  var isa: String?
  @Flag(help: "Do not turn photos upright as their EXIF orientation says.") var noOrientation = false
  @Flag(help: "Print where the time went on standard error.") var timings = false
  @OptionGroup(title: "Preprocessing (instead of the model file's)") var preprocessing: PreprocessingArguments

  func validate() throws {
    guard top >= 0 else { throw ValidationError("--top is \(top), expected 0 or more") }
    guard threads.map({ $0 > 0 }) ?? true else { throw ValidationError("--threads must be at least 1") }
    guard !features || json else { throw ValidationError("--features needs --json") }
    guard images.count(where: { $0 == "-" }) <= 1 else {
      throw ValidationError("standard input (-) can be read only once")
    }
  }

  func run() throws { try reportingErrors(as: "xception-run", classifyAll) }

  private func classifyAll() throws {
    let classifier = try load()
    var report = TimingReport(classifier)
    var failed = false
    for name in images {
      do {
        let classification =
          try name == "-"
          ? classifier.classification(of: .descriptor(0), top: top)
          : classifier.classification(ofImageAtPath: name, top: top)
        report.add(classification.durations)
        try printResult(name, classification, classifier.precision)
        flushStandardOutput()
      } catch {
        failed = true
        StandardError.print("xception-run: \(name): \(error)")
        if json { print(try jsonLine(JSONResult(image: name, error: "\(error)"))) }
      }
    }
    if timings { StandardError.print("\(report)") }
    if failed { throw ExitCode.failure }
  }

  private func load() throws -> Classifier {
    let path = try model ?? DefaultModel.path()
    var options = Classifier.Options(
      threads: threads, instructionSet: isa, precision: precision.precision, appliesOrientation: !noOrientation)
    if preprocessing.isGiven {
      var changed = try preprocessing.base ?? Classifier.preprocessing(ofModelAt: path)
      preprocessing.change(&changed)
      options.preprocessing = changed
    }
    return try Classifier(contentsOfFile: path, options: options)
  }

  private func printResult(_ name: String, _ classification: Classification, _ precision: Precision) throws {
    if json {
      let result = JSONResult(image: name, classification: classification, precision: precision, features: features)
      print(try jsonLine(result))
      return
    }
    if images.count > 1 { print(name) }
    for prediction in classification.predictions {
      print(percentage(prediction.probability), prediction.label ?? "class \(prediction.classIndex)")
    }
  }
}

/// A probability as a right-aligned percentage with two decimals.
private func percentage(_ probability: Float) -> String {
  let hundredths = Int((min(max(Double(probability), 0), 1) * 10_000).rounded())
  let text = "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) %"
  return String(repeating: " ", count: max(0, 10 - text.count)) + text
}
