import CommandSupport
import PlainText
import Xception

/// What a network computed in, where the time of a run went, in milliseconds, and the most memory that was resident.
struct TimingReport: CustomStringConvertible {
  private let computation: String
  private let loading: Classifier.LoadingDurations
  private var images: [Classification.Durations] = []

  init(_ classifier: Classifier) {
    let network = classifier.network
    let plan = network.plan
    let products = plan.precision == .bfloat16 ? " (\(plan.multipliesBFloat16 ? "bf16" : "fp32") products)" : ""
    computation =
      "\(plan.precision.rawValue)\(products), \(plan.instructionSet.rawValue), \(network.threads) threads"
    loading = classifier.loadingDurations
  }

  mutating func add(_ durations: Classification.Durations) { images.append(durations) }

  var description: String {
    var lines = [
      computation, line("open the model", loading.open), line("optimize the graph", loading.network.optimize),
      line("inflate and pack the weights", loading.network.plan),
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
    let number = value.rounded(decimals: 1)
    let padding = String(repeating: " ", count: max(1, 42 - name.count - number.count))
    return "\(name)\(padding)\(number) \(unit)"
  }
}
