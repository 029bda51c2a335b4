import ArgumentParser
import CommandSupport
import Comparison
import Xception

/// `xception-inspect compare`
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares two models: their answers to the same pictures, their files and their speed.",
    discussion: """
      Both must take inputs of the same size and have the same classes. Each picture is decoded once, and each model \
      preprocesses it in its own way. The feature cosine is that of the angle between the values that enter the two \
      classifiers. Times are the fastest of up to 20 runs, in turns.

      To see what a precision costs, name one model twice:
        xception-inspect compare m.xcw m.xcw --precision-a fp32 --precision-b int8 --images photos
      """)

  @Argument(help: "The first weights file (.xcw).") var a: String
  @Argument(help: "The second weights file.") var b: String
  @Option(
    help: ArgumentHelp(
      """
      The pictures: all files of this folder and the folders in it whose names end in .jpg, .jpeg, .png, .ppm, .pgm or \
      .pam. Those that cannot be decoded are listed and left out; it is an error if none can be.
      """, valueName: "folder"))
  var images: String
  @Option(help: PrecisionArgument.help) var precisionA = PrecisionArgument.auto
  @Option(help: "The same for the second.") var precisionB = PrecisionArgument.auto
  @Option(help: "The most threads to use; all that this process may use unless given.") var threads: Int?
  @Option(
    help: """
      The instruction set of the kernels (amx, avx512bf16, avx512vnni, avx512, avx2, portable); the best one, or that of \
      XCEPTION_ISA, unless given.
      """)
  var isa: String?
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    guard threads.map({ $0 > 0 }) ?? true else { throw ValidationError("--threads must be at least 1") }
  }

  func run() throws { try reportingErrors(as: "xception-inspect", compare) }

  private func compare() throws {
    let progress = ProgressLine(isShown: true)
    defer { progress.clear() }
    let pictures = try PictureFolder.pictures(in: images)
    progress.show("loading")
    let pair = try ModelPair(load(a, precisionA), load(b, precisionB))
    let agreement = try pair.agreement(about: pictures, in: images) { done in
      progress.show("classifying \(pictures.count) pictures", part: Double(done) / Double(pictures.count))
    }
    progress.show("measuring the speed of both")
    let race = try Race.run(pair.first.executor, pair.second.executor)
    progress.clear()
    let files = try [a, b].map { (name: $0, bytes: try fileSize(of: $0)) }
    let report = ComparisonReport(pair, files: files, race: race, agreement: agreement)
    print(json ? try jsonLine(report) : report.text)
  }

  private func load(_ path: String, _ precision: PrecisionArgument) throws -> Classifier {
    try Classifier(
      contentsOfFile: path,
      options: .init(threads: threads, instructionSet: isa, precision: precision.precision))
  }
}
