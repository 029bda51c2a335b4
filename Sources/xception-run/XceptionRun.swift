import ArgumentParser
import CommandSupport
import Files
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
      needs libtiff, HEIC and AVIF need libheif to be installed. - reads one from standard input. Of a folder, and of those
      inside it, the pictures are those whose names end as such files' do, and how many other files there are is said at the end;
      names that begin with a dot are left out; links are followed.
      Without --model, the environment variable XCEPTION_MODEL says which model is used, or else the one that \
      Examples/quickstart.sh installed is. --models lists those that have a name.

      The exit code is 0 if every image was classified, 1 if one was not, 64 for wrong usage.
      """,
    version: runtimeVersion)

  @Argument(help: "The images, and folders of images.", completion: .file()) var images: [String] = []
  @Option(
    help: ArgumentHelp(
      "A file that names more, one on a line or each before a zero byte; - is standard input.", valueName: "file"),
    completion: .file())
  var filesFrom: String?
  @Option(
    help: "The weights file (.xcw), or the name of an installed model.",
    completion: .custom { _, _, start in InstalledModels().completions(of: start) })
  var model: String?
  @Flag(help: "List the installed models instead; with --json, one JSON object per model per line.") var models = false
  @Option(help: "How many classes to print; 0 for all.") var top = 5
  @Flag(help: "Print one JSON object per image per line.") var json = false
  @Flag(help: "With --json: add the features, the values that enter the classifier.") var features = false
  @OptionGroup(title: "Results") var results: OutputArguments
  @OptionGroup(title: "Why") var why: ExplanationArguments
  @OptionGroup var running: RunArguments
  @Flag(help: WeightCache.noCacheHelp) var noCache = false
  @Flag(help: "Print on standard error where the time went, from the start of the process to its end.")
  var timings = false
  @OptionGroup(title: "Reading pictures") var decoding: DecodingArguments
  @OptionGroup(title: "Preprocessing (replaces what the model file says)") var preprocessing: PreprocessingArguments

  static func main() { runAndExit(joinsNames: true) }

  mutating func validate() throws {
    images = CommandArguments.separated(images)
    if models {
      guard images.isEmpty, filesFrom == nil, model == nil else {
        throw ValidationError("--models takes no images and no --model")
      }
      return
    }
    guard top >= 0 else { throw ValidationError("--top is \(top), expected 0 or more") }
    guard !features || json || results.format == .jsonLines else {
      throw ValidationError("--features needs --json, or an --output of .jsonl")
    }
    guard !json || results.output == nil else {
      throw ValidationError("--json prints results, which --output writes to a file: expected one of them")
    }
    guard !images.isEmpty || filesFrom != nil else { throw ValidationError("Missing expected argument '<images> ...'") }
    guard why.heatmap == nil || !isSeveral else {
      throw ValidationError("--heatmap is of one picture: expected one; --report has the heatmaps of many")
    }
    guard why.outputLayer == nil || results.format != .csv else {
      throw ValidationError("--output-layer needs an --output of .jsonl")
    }
    guard why.outputLayer == nil || !features else {
      throw ValidationError("--features and --output-layer both replace the classes: expected one of them")
    }
    guard why.heatmap == nil || !results.resume else {
      throw ValidationError(
        "--heatmap is of a picture that is classified, and --resume may leave it out: expected one of them")
    }
    guard !results.resume || !images.contains("-") else {
      throw ValidationError("standard input (-) has no name that --resume could know it by")
    }
    guard why.report == nil || !results.resume else {
      throw ValidationError(
        "--report shows the pictures of one run, and --resume goes on with another: expected one of them")
    }
    guard images.count(where: { $0 == "-" }) + (filesFrom == "-" ? 1 : 0) <= 1 else {
      throw ValidationError("standard input (-) can be read only once")
    }
  }

  func run() throws { try reportingErrors(as: "xception-run", models ? listModels : classifyAll) }

  private func listModels() throws {
    let list = ModelList()
    if list.entries.isEmpty {
      StandardError.print("xception-run: no model is installed in \(list.folder); Examples/quickstart.sh installs two")
    } else if json {
      for entry in list.entries { print(try jsonLine(entry)) }
    } else {
      print(list.text)
    }
    let unusable = list.entries.filter { $0.error != nil }
    for entry in unusable { StandardError.print("xception-run: \(entry.path): \(entry.error ?? "")") }
    if !unusable.isEmpty { throw ExitCode.failure }
  }

  private func classifyAll() throws {
    let (progress, report) = try classifyPictures()
    if let report { StandardError.print(report.text) }
    if results.output != nil || isSeveral && progress.failures > 0 || progress.leftOut > 0 {
      StandardError.print("xception-run: \(progress.summary)")
    }
    if progress.failures > 0 { throw ExitCode.failure }
  }

  private func classifyPictures() throws -> (RunProgress, TimingReport?) {
    let start = timings ? ProcessStart.instant : nil
    for file in [why.heatmap, why.report].compactMap(\.self) {
      let inputs = images + [filesFrom, try? InstalledModels().path(meantBy: model)].compactMap(\.self)
      try OutputFile.check(file, notOf: inputs)
    }
    let loadingStart = ContinuousClock.now
    let classifier = try load()
    if !json, classifier.kind == .independentLabels {
      StandardError.print("xception-run: the labels are independent: their probabilities do not add up to 100 %")
    }
    if classifier.mayGiveFeatures, why.outputLayer == nil {
      StandardError.print(
        "xception-run: the model ends without a classifier: its \(classifier.classCount) values are probably features, of which"
          + " probabilities of classes mean nothing (--output-layer prints the values of a layer)")
    }
    let task = try task(classifier)
    let format = format(for: classifier)
    let file = try results.output.map {
      try ResultsFile(
        $0, format: format, of: ResultOrigin(classifier, top: top, task: task), resumption: results.resumption)
    }
    let page = try why.report.map {
      let path = try InstalledModels().path(meantBy: model)
      return try ReportPage(
        $0, model: path.split(separator: "/").last.map(String.init) ?? path, classifier: classifier,
        className: try why.className.map { try classifier.name(of: classifier.classIndex(ofNameOrNumber: $0)) })
    }
    let run = PictureRun(
      classifier: classifier, format: format, top: top == 0 ? nil : top, file: file, task: task, page: page)
    var report = timings ? TimingReport(classifier, start: start, loadingStart: loadingStart) : nil
    var progress = RunProgress(after: file?.finished, isShown: isSeveral && (file != nil || Terminal.columns == nil)) {
      PictureNames.count(images, list: filesFrom)
    }
    try run.run(
      PictureNames(images, list: filesFrom), threads: isSeveral ? classifier.network.threads : 1, progress: &progress,
      report: &report)
    try page?.finish(progress.summary)
    // The results come first: what is kept is for the next run.
    flushStandardOutput()
    report?.endRun()
    if classifier.fillCache() { report?.endKeeping() }
    return withExtendedLifetime(run) { (progress, report) }
  }

  private func task(_ classifier: Classifier) throws -> PictureTask {
    let classIndex = try why.className.map { try classifier.classIndex(ofNameOrNumber: $0) }
    if let file = why.heatmap { return .heatmap(file: file, classIndex: classIndex) }
    if why.report != nil {
      guard classIndex == nil || classifier.hasActivationMap else {
        throw ValidationError(
          "--class is of heatmaps, which a report has of networks that end in global average pooling; use --heatmap")
      }
      return .report(classIndex: classIndex)
    }
    return try why.outputLayer.map { .values(of: try classifier.layer(named: $0)) } ?? .classify
  }

  /// Whether there may be more than one picture.
  private var isSeveral: Bool { images.count > 1 || filesFrom != nil || isFolder(images[0]) }

  private func format(for classifier: Classifier) -> ResultFormat {
    switch results.format {
    case .jsonLines: .json(features: features)
    case .csv: .csv(classes: min(top == 0 ? .max : top, classifier.classCount))
    case nil where json: .json(features: features)
    case nil: .text(named: isSeveral, columns: results.plain ? nil : Terminal.columns)
    }
  }

  private func load() throws -> Classifier {
    let path = try InstalledModels().path(meantBy: model)
    var options = running.options
    options.decoding = decoding.options
    options.cache = try noCache ? nil : WeightCache.ofUser()
    if preprocessing.isGiven {
      let model = try preprocessing.preprocess.map { named in
        let input = try WeightFile(contentsOf: path).model.graph.inputShape
        let given = named.preprocessing(for: input)
        return given.replicated(channels: input.channels) ?? given
      }
      var changed = try model ?? Classifier.preprocessing(ofModelAtPath: path)
      preprocessing.change.apply(to: &changed)
      options.preprocessing = changed
    }
    let classifier = try Classifier(contentsOfFile: path, options: options)
    try decoding.check(channels: classifier.inputChannels)
    return classifier
  }
}
