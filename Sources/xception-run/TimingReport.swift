import CommandSupport
import PlainText
import Xception

/// What a network computed in, where the time of a run went, in milliseconds, and the most memory that was resident.
///
/// The time begins with the process and ends with the report: what follows is that the system ends the process.
struct TimingReport {
  typealias Instant = ContinuousClock.Instant

  /// The images whose times are printed one by one; of all, the means are printed.
  private static let listed = 20

  private let start: Instant?
  private let loadingStart: Instant
  private let computation: String
  private let loading: Classifier.LoadingDurations
  private let isFromCache: Bool
  private var images: [Classification.Durations] = []
  private var count = 0
  private var sums = (decode: Duration.zero, preprocess: Duration.zero, inference: Duration.zero)

  /// When the last result was printed, and when the packed weights were kept; what was made for the run is freed from then on.
  private var end: Instant?
  private var keptEnd: Instant?

  /// - Parameters:
  ///   - start: When the process began, where the system says so.
  ///   - loadingStart: When the model began to be opened.
  init(_ classifier: Classifier, start: Instant?, loadingStart: Instant) {
    self.start = start
    self.loadingStart = loadingStart
    let network = classifier.network
    let plan = network.plan
    let products = plan.precision == .bfloat16 ? " (\(plan.multipliesBFloat16 ? "bf16" : "fp32") products)" : ""
    computation =
      "\(plan.precision.rawValue)\(products), \(plan.instructionSet.rawValue), \(network.threads) threads"
    loading = classifier.loadingDurations
    isFromCache = network.isFromCache
  }

  mutating func add(_ durations: Classification.Durations) {
    count += 1
    sums.decode += durations.decode
    sums.preprocess += durations.preprocess
    sums.inference += durations.inference
    if images.count < Self.listed { images.append(durations) }
  }

  mutating func endRun() { end = .now }

  mutating func endKeeping() { keptEnd = .now }

  /// To be asked after all that the run used is freed.
  var text: String {
    let now = Instant.now
    var lines = [computation]
    if let start { lines.append(line("start the process", start.duration(to: loadingStart))) }
    lines += [
      line("open the model", loading.open), line("optimize the graph", loading.network.optimize),
      line(isFromCache ? "map the packed weights" : "inflate and pack the weights", loading.network.plan),
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
        mean("decode", sums.decode), mean("preprocess", sums.preprocess), mean("inference", sums.inference),
      ]
    }
    if let end, let keptEnd, !isFromCache { lines.append(line("keep the packed weights", end.duration(to: keptEnd))) }
    if let end = keptEnd ?? end { lines.append(line("free the memory", end.duration(to: now))) }
    if let start { lines.append(line("all since the start of the process", start.duration(to: now))) }
    if let peak = peakResidentMegabytes() { lines.append(line("peak resident memory", peak, unit: "MB")) }
    return lines.joined(separator: "\n")
  }

  private func line(_ name: String, _ duration: Duration) -> String { line(name, duration.milliseconds, unit: "ms") }

  /// Of all images; a decimal more than the time of one image is worth.
  private func mean(_ name: String, _ sum: Duration) -> String {
    line("\(name) (mean of \(count))", (sum / count).milliseconds, unit: "ms", decimals: 2)
  }

  private func line(_ name: String, _ value: Double, unit: String, decimals: Int = 1) -> String {
    let number = value.rounded(decimals: decimals)
    let padding = String(repeating: " ", count: max(1, 42 - name.count - number.count))
    return "\(name)\(padding)\(number) \(unit)"
  }
}
