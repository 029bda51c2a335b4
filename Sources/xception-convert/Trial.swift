import CommandSupport
import Comparison
import ModelGraph
import Xception

/// The model as it was and as it will be stored, tried on this machine before anything is written.
struct Trial {
  /// Without the sizes of the files.
  private let runners: [ComparisonReport.Runner]
  private let agreement: Agreement?
  private let race: Race?

  /// The plans of two larger networks side by side take far more memory than converting one does, 1.2 GB for VGG-16: they are
  /// not raced, and classify pictures in turn.
  private static let largestRaced = 1 << 26

  static func isRaced(_ model: Model) -> Bool { model.graph.parameterCount <= largestRaced }

  /// - Parameter pictures: Paths from `folder`; nil to measure the speed only.
  init(
    _ original: Model, _ changed: Model, named names: (String, String), pictures: [String]?, in folder: String,
    _ progress: ProgressLine
  ) throws {
    progress.show("planning both models")
    func classifying(_ done: Int) {
      let count = pictures?.count ?? 1
      progress.show("classifying \(count) pictures", part: Double(done) / Double(count))
    }
    func runner(_ network: ReadyNetwork, _ isSecond: Bool) -> ComparisonReport.Runner {
      ComparisonReport.Runner(
        network, file: isSecond ? names.1 : names.0, bytes: 0, kind: Head(of: isSecond ? changed : original).kind)
    }
    if let pictures, !Self.isRaced(changed) {
      var runners: [Bool: ComparisonReport.Runner] = [:]
      agreement = try Agreement(about: pictures, in: folder) { isSecond in
        let model = isSecond ? changed : original
        let classifier = try Classifier(
          model, named: isSecond ? names.1 : names.0, plan: GoldenCheck.sparing(model.graph).plan)
        runners[isSecond] = runner(classifier.network, isSecond)
        return classifier
      } progress: {
        classifying($0)
      }
      self.runners = [false, true].compactMap { runners[$0] }
      race = nil
      return
    }
    var networks: [ReadyNetwork]
    if let pictures {
      let pair = try ModelPair(Classifier(original, named: names.0), Classifier(changed, named: names.1))
      agreement = try pair.agreement(about: pictures, in: folder, progress: classifying)
      networks = [pair.first.network, pair.second.network]
    } else {
      agreement = nil
      networks = try [original, changed].map { try ReadyNetwork($0.graph) }
    }
    progress.show("measuring the speed of both")
    race = try Race.run(networks[0], networks[1])
    runners = [runner(networks[0], false), runner(networks[1], true)]
  }

  /// - Precondition: The changed model is written.
  func report() throws -> ComparisonReport {
    var runners = runners
    for index in runners.indices { runners[index].bytes = try fileSize(of: runners[index].file) }
    return ComparisonReport(runners[0], runners[1], race: race, agreement: agreement)
  }
}
