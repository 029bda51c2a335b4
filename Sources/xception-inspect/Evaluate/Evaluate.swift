import ArgumentParser
import CommandSupport
import Comparison
import Evaluation
import ImageInput
import PlainText
import Xception

/// `xception-inspect evaluate`
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures how good models are on pictures whose classes are known.",
    discussion: """
      TRUTH is a folder with a folder of pictures for each class, or a file of file,label[,label...] lines, whose files \
      are named from the folder that it is in; a first line that begins with file, image, path, picture or id, or has label \
      or class in its second column, names the columns. Labels are names of the model's classes, or their numbers from 0, or \
      what --classes calls them; the 1,000 folders of ImageNet, n01440764 and so on, are known if all are there.

      Of exclusive classes it tells the top-1 and top-5 accuracies with 95 % intervals (Wilson), precision, recall and F1 \
      of each class, the confusions, and the calibration; of independent labels the mean average precision, MAP@100 as \
      section 4.5 of the Xception paper uses it, how many pictures get exactly their labels, and F1. Of several models it \
      first tells whether they differ (McNemar), and of which pictures they say different things, and who is right. A \
      picture that a model cannot classify counts for none, and is listed with the reason.

      With --json, confusionMatrix has each pair of truth and predicted class that occurred, equal ones too, with its \
      count; of each two models, differences has all pictures of which they say different things.

        xception-inspect evaluate model.xcw photos
        xception-inspect evaluate a.xcw b.xcw truth.csv --html report.html
        xception-inspect evaluate m.xcw m.xcw photos --precision fp32 --precision int8

      The exit code is 0 if every picture was classified, 1 if one was not, 64 for wrong usage.
      """)

  @Argument(
    help: ArgumentHelp(
      "Weights files or names of installed models, and last the pictures with their classes.",
      valueName: "model ... truth"), completion: .file())
  var arguments: [String]
  @Option(
    help:
      "What the networks compute in, as with xception-run's --precision: given once for all models, or once for each.")
  var precision: [PrecisionArgument] = [.auto]
  @Option(
    help: ArgumentHelp(
      "How much each label counts in MAP@100: a file of label,weight lines; labels that it does not name count 0.",
      valueName: "file"), completion: .file())
  var weights: String?
  @Option(
    help: ArgumentHelp(
      "What the classes are called in TRUTH, where that is not as the model calls them: a file of name,class lines.",
      valueName: "file"), completion: .file())
  var classes: String?
  @Option(
    help: ArgumentHelp(
      "Write a page with confusions, the worst mistakes and where models differ to this HTML file.", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var html: String?
  @OptionGroup var machine: MachineArguments
  @OptionGroup(title: "Reading pictures") var decoding: DecodingArguments
  @Flag(help: "Print one JSON object.") var json = false

  mutating func validate() throws {
    arguments = CommandArguments.separated(arguments)
    guard arguments.count >= 2 else {
      throw ValidationError("expected a weights file and a folder or list of pictures, found \(arguments.count)")
    }
    guard [1, arguments.count - 1].contains(precision.count) else {
      throw ValidationError(
        "--precision is given \(precision.count) times for \(arguments.count - 1) models, expected once, or once for each model"
      )
    }
    if let html, !html.lowercased().hasSuffix(".html"), !html.lowercased().hasSuffix(".htm") {
      throw ValidationError("--html is \(html), expected a name that ends in .html")
    }
  }

  func run() throws { try reportingErrors(as: "xception-inspect", evaluate) }

  private func evaluate() throws {
    let progress = ProgressLine(isShown: true)
    defer { progress.clear() }
    let installed = InstalledModels()
    if let html {
      let inputs = arguments.map { (try? installed.path(meantBy: $0)) ?? $0 } + [weights, classes].compactMap(\.self)
      try OutputFile.check(html, notOf: inputs)
    }
    let (names, labelWeights) = (try classes.map { try ListFile($0) }, try weights.map { try ListFile($0) })
    let files = try arguments.dropLast().map { (name: $0, path: try installed.path(meantBy: $0)) }
    let pictures = try KnownPictures(at: arguments[arguments.count - 1])
    if let html { try OutputFile.check(html, isNoneOf: (0..<pictures.count).lazy.map(pictures.path(of:))) }
    progress.show("loading")
    let precisions = precision.count == 1 ? files.map { _ in precision[0] } : precision
    let models = try zip(files, precisions).map { file, precision in
      var options = machine.options(precision)
      options.decoding = decoding.options
      let classifier = try Classifier(contentsOfFile: file.path, options: options)
      try decoding.check(channels: classifier.inputChannels)
      return try EvaluatedModel(
        classifier, file: file.name, pictures: pictures, names: names, weights: labelWeights)
    }
    if models.contains(where: \.hasFoldersOfImageNet) {
      StandardError.print(
        "xception-inspect: the pictures' classes are ImageNet's folders, taken for the model's classes in the order of their names"
      )
    }
    guard weights == nil || models.contains(where: { $0.classifier.kind == .independentLabels }) else {
      throw ValidationError("--weights is of independent labels, and the classes of the model exclude each other")
    }
    let run = try EvaluationRun(models: models, pictures: pictures) { done in
      progress.show("classifying \(pictures.count) pictures", part: Double(done) / Double(pictures.count))
    }
    progress.clear()
    let report = EvaluationReport(run)
    if let html {
      progress.show("making the page")
      let page = EvaluationPage(report, run: run, decoding: decoding.options)
      try OutputFile.save(Array(page.text.utf8), to: html)
      progress.clear()
    }
    print(json ? try jsonLine(report) : report.text.printableLines)
    if !run.failures.isEmpty { throw ExitCode.failure }
  }
}
