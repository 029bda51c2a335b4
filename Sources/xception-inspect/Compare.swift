import ArgumentParser
import CommandSupport
import Comparison
import PlainText
import Xception

/// `xception-inspect compare`
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares two models: their answers to the same pictures, their files and their speed.",
    discussion: """
      Both must take inputs of the same size and have the same classes. Each picture is decoded once, and each model \
      preprocesses it in its own way. The feature cosine is the cosine of the angle between the values that enter the two \
      classifiers. The models are timed in turns; the time is that of the fastest of up to 20 runs.

      To see what a precision costs, name the same model twice:
        xception-inspect compare m.xcw m.xcw --precision-b int8 --images photos
      """)

  @Argument(
    help: "The first weights file (.xcw), or the name of an installed model.", completion: .file(extensions: ["xcw"]))
  var a: String
  @Argument(help: "The second weights file.", completion: .file(extensions: ["xcw"])) var b: String
  @Option(
    help: ArgumentHelp(
      """
      The pictures: all files in this folder and the folders inside it whose names end in .jpg, .png, .webp, .tif or \
      another ending of a picture's name. Those that cannot be classified are listed and left out; it is an error if none can be.
      """, valueName: "folder"), completion: .directory)
  var images: String
  @Option(help: PrecisionArgument.help) var precisionA = PrecisionArgument.auto
  @Option(help: "The same for the second model.") var precisionB = PrecisionArgument.auto
  @OptionGroup var machine: MachineArguments
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws { try reportingErrors(as: "xception-inspect", compare) }

  private func compare() throws {
    let progress = ProgressLine(isShown: true)
    defer { progress.clear() }
    let pictures = try PictureFolder.pictures(in: images)
    progress.show("loading")
    let installed = InstalledModels()
    let (pathA, pathB) = (try installed.path(meantBy: a), try installed.path(meantBy: b))
    let pair = try ModelPair(load(pathA, precisionA), load(pathB, precisionB))
    let agreement = try pair.agreement(about: pictures, in: images) { done in
      progress.show("classifying \(pictures.count) pictures", part: Double(done) / Double(pictures.count))
    }
    progress.show("measuring the speed of both")
    let race = try Race.run(pair.first.network, pair.second.network)
    progress.clear()
    let report = try ComparisonReport(
      runner(pair.first, a, pathA), runner(pair.second, b, pathB), race: race, agreement: agreement)
    print(json ? try jsonLine(report) : report.text.printableLines)
  }

  private func load(_ path: String, _ precision: PrecisionArgument) throws -> Classifier {
    try Classifier(contentsOfFile: path, options: machine.options(precision))
  }

  private func runner(_ classifier: Classifier, _ name: String, _ path: String) throws -> ComparisonReport.Runner {
    ComparisonReport.Runner(
      classifier.network, file: name, bytes: try fileSize(of: path), kind: classifier.kind)
  }
}
