import ArgumentParser
import CommandSupport
import ModelGraph
import PlainText
import WeightFormat
import Xception

@main
struct XceptionRun: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "xception-run",
    abstract: "Classifies images with a trained network.",
    discussion: """
      Images are JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC, AVIF, PBM, PGM, PPM or PAM files, recognized by content; TIFF
      needs libtiff, HEIC and AVIF need libheif to be installed. - reads one from standard input.
      Without --model, the environment variable XCEPTION_MODEL names the weights file, or else the model that \
      Examples/quickstart.sh installed is used.

      The exit code is 0 if every image was classified, 1 if one was not, 64 for wrong usage.
      """,
    version: runtimeVersion)

  @Argument(help: "The images.") var images: [String]
  @Option(help: "The weights file (.xcw).") var model: String?
  @Option(help: "How many classes to print; 0 for all.") var top = 5
  @Flag(help: "Print one JSON object per image per line.") var json = false
  @Flag(help: "With --json: add the features, the values that enter the classifier.") var features = false
  @OptionGroup var running: RunArguments
  @Flag(help: "Print on standard error where the time went.") var timings = false
  @OptionGroup(title: "Reading pictures") var decoding: DecodingArguments
  @OptionGroup(title: "Preprocessing (replaces what the model file says)") var preprocessing: PreprocessingArguments

  static func main() { runAndExit(joinsNames: true) }

  mutating func validate() throws {
    images = CommandArguments.separated(images)
    guard top >= 0 else { throw ValidationError("--top is \(top), expected 0 or more") }
    guard !features || json else { throw ValidationError("--features needs --json") }
    guard images.count(where: { $0 == "-" }) <= 1 else {
      throw ValidationError("standard input (-) can be read only once")
    }
  }

  func run() throws { try reportingErrors(as: "xception-run", classifyAll) }

  private func classifyAll() throws {
    let classifier = try load()
    if !json, classifier.kind == .independentLabels {
      StandardError.print("xception-run: the labels are independent: their probabilities do not add up to 100 %")
    }
    var report = TimingReport(classifier)
    var failed = false
    for name in images {
      do {
        let classification = try classifier.classification(
          of: name == "-" ? .descriptor(0) : .path(name), top: top == 0 ? nil : top)
        report.add(classification.durations)
        try printResult(name, classification, classifier)
        flushStandardOutput()
      } catch {
        failed = true
        StandardError.print("xception-run: \(name.printable): \(error)")
        if json { print(try jsonLine(JSONResult(image: name, error: "\(error)"))) }
      }
    }
    if timings { StandardError.print("\(report)") }
    if failed { throw ExitCode.failure }
  }

  private func load() throws -> Classifier {
    let path = try model ?? DefaultModel.path()
    var options = running.options
    options.decoding = decoding.options
    if preprocessing.isGiven {
      let model = try preprocessing.preprocess.map { named in
        named.preprocessing(for: try WeightFile(contentsOf: path).model.graph.inputShape)
      }
      var changed = try model ?? Classifier.preprocessing(ofModelAtPath: path)
      preprocessing.change(&changed)
      options.preprocessing = changed
    }
    return try Classifier(contentsOfFile: path, options: options)
  }

  private func printResult(_ name: String, _ classification: Classification, _ classifier: Classifier) throws {
    if json {
      print(try jsonLine(JSONResult(image: name, classification, by: classifier, features: features)))
      return
    }
    if images.count > 1 { print(name.printable) }
    for prediction in classification.predictions {
      print(percentage(prediction.probability), prediction.label ?? "class \(prediction.classIndex)")
    }
  }
}

/// A probability as a right-aligned percentage with two decimals.
private func percentage(_ probability: Float) -> String {
  let text = (100 * min(max(Double(probability), 0), 1)).rounded(decimals: 2) + " %"
  return String(repeating: " ", count: max(0, 10 - text.count)) + text
}
