import PlainText

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a benchmark found out, as it is printed.
struct BenchmarkReport: Encodable {
  var model: String
  /// Height by width by channels of the input.
  var input: String
  var isa: String
  var precision: String
  /// In bf16, whether products multiply bf16 numbers, rather than widen the weights; nil in other precisions.
  var multipliesBFloat16: Bool? = nil
  /// Threads that one call may use.
  var threads: Int
  var runs: Int
  /// Images of one run.
  var batch: Int
  /// Callers at the same time.
  var streams: Int
  /// From opening the model file to being able to run.
  var loadMilliseconds: Double
  /// The first run, which touches memory for the first time.
  var firstMilliseconds: Double
  var minimumMilliseconds: Double
  var medianMilliseconds: Double
  var percentile90Milliseconds: Double
  var percentile99Milliseconds: Double
  /// Of all streams together.
  var imagesPerSecond: Double
  /// Of the process, at its largest, in 2^20 bytes.
  var peakResidentMegabytes: Double?
  /// The values of one call, in 2^20 bytes.
  var arenaMegabytes: Double
  /// The packed weights, in 2^20 bytes.
  var weightMegabytes: Double
  /// Multiply-adds of one image, as the network defines them.
  var multiplyAdds: Int
  /// What the threads together would reach with every product at the measured peak of its arithmetic; nil unless that was
  /// measured.
  var peakGigaflops: Double?

  enum CodingKeys: String, CodingKey {
    case model, input, isa, precision, threads, runs, batch, streams
    case multipliesBFloat16 = "bf16_products"
    case loadMilliseconds = "load_ms"
    case firstMilliseconds = "first_ms"
    case minimumMilliseconds = "min_ms"
    case medianMilliseconds = "median_ms"
    case percentile90Milliseconds = "p90_ms"
    case percentile99Milliseconds = "p99_ms"
    case imagesPerSecond = "images_per_second"
    case peakResidentMegabytes = "peak_rss_mb"
    case arenaMegabytes = "arena_mb"
    case weightMegabytes = "weights_mb"
    case multiplyAdds = "multiply_adds"
    case peakGigaflops = "peak_gflops"
  }

  /// Multiplications and additions of the fastest run, in 10^9 a second.
  var gigaflops: Double { 2 * Double(multiplyAdds * batch) / (minimumMilliseconds * 1e6) }

  /// One object on one line.
  func json() throws -> String {
    try jsonLine(rounded)
  }

  var text: String {
    let images = batch == 1 ? "" : " of \(batch) images"
    let callers = streams == 1 ? "" : " by each of \(streams) callers"
    var rows = [
      ["load", loadMilliseconds.rounded(decimals: 2), "ms"],
      ["first", firstMilliseconds.rounded(decimals: 2), "ms"],
      ["minimum", minimumMilliseconds.rounded(decimals: 2), "ms"],
      ["median", medianMilliseconds.rounded(decimals: 2), "ms"],
      ["p90", percentile90Milliseconds.rounded(decimals: 2), "ms"],
      ["p99", percentile99Milliseconds.rounded(decimals: 2), "ms"],
      ["throughput", imagesPerSecond.rounded(decimals: 2), "images/s"],
      ["speed", gigaflops.rounded(decimals: 1), "GFLOP/s"],
    ]
    if let peakGigaflops {
      rows.append(["share of peak", (100 * gigaflops / peakGigaflops).rounded(decimals: 1), "%"])
    }
    rows.append(["weights", weightMegabytes.rounded(decimals: 1), "MB"])
    rows.append(["arena", arenaMegabytes.rounded(decimals: 1), "MB"])
    if let peakResidentMegabytes { rows.append(["resident", peakResidentMegabytes.rounded(decimals: 1), "MB"]) }
    return """
      \(model), \(input), \(precision), \(isa), \(threads) thread\(threads == 1 ? "" : "s"), \(runs) runs\(images)\(callers)
      \(table(rows, leftAligned: [0, 2]))
      """
  }

  /// Times in whole microseconds, the rest to three decimals: more digits would be noise.
  private var rounded: BenchmarkReport {
    var report = self
    let fields: [WritableKeyPath<BenchmarkReport, Double>] = [
      \.loadMilliseconds, \.firstMilliseconds, \.minimumMilliseconds, \.medianMilliseconds, \.percentile90Milliseconds,
      \.percentile99Milliseconds, \.imagesPerSecond, \.arenaMegabytes, \.weightMegabytes,
    ]
    let optionalFields: [WritableKeyPath<BenchmarkReport, Double?>] = [\.peakResidentMegabytes, \.peakGigaflops]
    for field in fields { report[keyPath: field] = (report[keyPath: field] * 1000).rounded() / 1000 }
    for field in optionalFields { report[keyPath: field] = report[keyPath: field].map { ($0 * 1000).rounded() / 1000 } }
    return report
  }
}
