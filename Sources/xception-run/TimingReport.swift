import CommandSupport
import PlainText
import Xception

/// What a network computed in, where the time of a run went, in milliseconds, and the most memory that was resident.
struct TimingReport: CustomStringConvertible {
  /// The images whose times are told one by one; of all there are the means.
  private static let listed = 20

  private let computation: String
  private let loading: Classifier.LoadingDurations
  private var images: [Classification.Durations] = []
  private var count = 0
  private var sums = (decode: Duration.zero, preprocess: Duration.zero, inference: Duration.zero)

  init(_ classifier: Classifier) {
    let network = classifier.network
    let plan = network.plan
    let products = plan.precision == .bfloat16 ? " (\(plan.multipliesBFloat16 ? "bf16" : "fp32") products)" : ""
    computation =
      "\(plan.precision.rawValue)\(products), \(plan.instructionSet.rawValue), \(network.threads) threads"
    loading = classifier.loadingDurations
  }

  mutating func add(_ durations: Classification.Durations) {
    count += 1
    sums.decode += durations.decode
    sums.preprocess += durations.preprocess
    sums.inference += durations.inference
    if images.count < Self.listed { images.append(durations) }
  }

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
    if count > images.count {
      lines += [
        line("decode (mean of \(count))", sums.decode / count),
        line("preprocess (mean of \(count))", sums.preprocess / count),
        line("inference (mean of \(count))", sums.inference / count),
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
