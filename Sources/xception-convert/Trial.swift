import CommandSupport
import Comparison
import ModelGraph
import Xception

/// The model as it was and as it will be stored, tried on this machine before anything is written.
struct Trial {
  private let pair: ModelPair
  private let names: (String, String)
  private let agreement: Agreement?
  private let race: Race

  /// - Parameter pictures: Paths from `folder`; nil to measure the speed only.
  init(
    _ original: Model, _ changed: Model, named names: (String, String), pictures: [String]?, in folder: String,
    _ progress: ProgressLine
  ) throws {
    progress.show("planning both models")
    self.names = names
    pair = try ModelPair(Classifier(original, named: names.0), Classifier(changed, named: names.1))
    agreement = try pictures.map { [pair] pictures in
      try pair.agreement(about: pictures, in: folder) { done in
        progress.show("classifying \(pictures.count) pictures", part: Double(done) / Double(pictures.count))
      }
    }
    progress.show("measuring the speed of both")
    race = try Race.run(pair.first.executor, pair.second.executor)
  }

  /// - Precondition: The changed model is written.
  func report() throws -> ComparisonReport {
    let files = try [names.0, names.1].map { (name: $0, bytes: try fileSize(of: $0)) }
    return ComparisonReport(pair, files: files, race: race, agreement: agreement)
  }
}
