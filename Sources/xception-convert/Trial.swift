import CommandSupport
import Comparison
import ModelGraph
import Xception

/// The model as it was and as it will be stored, tried on this machine before anything is written.
struct Trial {
  private let networks: [ReadyNetwork]
  private let kinds: [Classifier.Kind]
  private let names: [String]
  private let agreement: Agreement?
  private let race: Race

  /// - Parameter pictures: Paths from `folder`; nil to measure the speed only.
  init(
    _ original: Model, _ changed: Model, named names: (String, String), pictures: [String]?, in folder: String,
    _ progress: ProgressLine
  ) throws {
    progress.show("planning both models")
    self.names = [names.0, names.1]
    kinds = [original, changed].map { Head(of: $0).kind }
    if let pictures {
      let pair = try ModelPair(Classifier(original, named: names.0), Classifier(changed, named: names.1))
      agreement = try pair.agreement(about: pictures, in: folder) { done in
        progress.show("classifying \(pictures.count) pictures", part: Double(done) / Double(pictures.count))
      }
      networks = [pair.first.network, pair.second.network]
    } else {
      agreement = nil
      networks = try [original, changed].map { try ReadyNetwork($0.graph) }
    }
    progress.show("measuring the speed of both")
    race = try Race.run(networks[0], networks[1])
  }

  /// - Precondition: The changed model is written.
  func report() throws -> ComparisonReport {
    let runners = try networks.indices.map { index in
      ComparisonReport.Runner(
        networks[index], file: names[index], bytes: try fileSize(of: names[index]), kind: kinds[index])
    }
    return ComparisonReport(runners[0], runners[1], race: race, agreement: agreement)
  }
}
