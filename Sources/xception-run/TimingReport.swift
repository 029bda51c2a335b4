import CommandSupport
import Xception

/// What a network computed in, where a run's time went, in milliseconds, and the most memory it had resident.
struct TimingReport: CustomStringConvertible {
  private let computation: String
  private let loading: Classifier.LoadingDurations
  private var images: [Classification.Durations] = []

  init(_ classifier: Classifier) {
    let executor = classifier.executor
    computation =
      "\(classifier.precision.rawValue), \(executor.plan.instructionSet.rawValue), \(executor.pool.threads) threads"
    loading = classifier.loadingDurations
  }

  mutating func add(_ durations: Classification.Durations) { images.append(durations) }

  var description: String {
    var lines = [
      computation, line("open the model", loading.open), line("optimize the graph", loading.optimize),
      line("inflate and pack the weights", loading.plan),
    ]
    for (index, image) in images.enumerated() {
      let suffix = images.count > 1 ? " (image \(index + 1))" : ""
      lines += [
        line("decode" + suffix, image.decode), line("preprocess" + suffix, image.preprocess),
        line("inference" + suffix, image.inference),
      ]
    }
    if let peak = peakResidentMegabytes() { lines.append(line("peak resident memory", peak, unit: "MB")) }
    return lines.joined(separator: "\n")
  }

  private func line(_ name: String, _ duration: Duration) -> String { line(name, duration.milliseconds, unit: "ms") }

  private func line(_ name: String, _ value: Double, unit: String) -> String {
    let tenths = Int((value * 10).rounded())
    let number = "\(tenths / 10).\(tenths % 10)"
    let padding = String(repeating: " ", count: max(1, 42 - name.count - number.count))
    return "\(name)\(padding)\(number) \(unit)"
  }
}
