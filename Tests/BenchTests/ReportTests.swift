import CommandSupport
import Foundation
import PlainText
import Testing

@testable import xception_bench

@Suite struct ReportTests {
  @Test func `Percentiles are interpolated as NumPy does`() {
    let durations = Durations(milliseconds: [4, 1, 3, 2])
    #expect(durations.minimum == 1)
    #expect(durations.median == 2.5)
    #expect(abs(durations.percentile(90) - 3.7) < 1e-12)
    #expect(abs(durations.percentile(99) - 3.97) < 1e-12)
    #expect(durations.percentile(100) == 4)
    #expect(durations.percentile(0) == 1)
  }

  @Test func `All percentiles of one run are that run`() {
    let durations = Durations(milliseconds: [7])
    for percent in [0.0, 50, 90, 99, 100] { #expect(durations.percentile(percent) == 7) }
  }

  @Test func `Numbers have the decimals asked for`() {
    #expect(2.5.rounded(decimals: 2) == "2.50")
    #expect(0.004.rounded(decimals: 2) == "0.00")
    #expect(0.056.rounded(decimals: 2) == "0.06")
    #expect(1234.5678.rounded(decimals: 1) == "1234.6")
    #expect(99.5.rounded(decimals: 0) == "100")
    #expect((-1.25).rounded(decimals: 1) == "-1.3")
    #expect(Double.infinity.rounded(decimals: 1) == "inf")
  }

  @Test func `A table's columns are aligned and its lines end without spaces`() {
    #expect(
      table([["step", "ms"], ["conv", "1.5"], ["a", "10.25"], ["b", ""]], leftAligned: [0])
        == "step     ms\nconv    1.5\na     10.25\nb")
  }

  @Test func `The JSON report is one object on one line with the documented keys`() throws {
    let json = try report().json()
    #expect(!json.contains("\n"))
    let object = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    let keys = [
      "load_ms", "first_ms", "min_ms", "median_ms", "p90_ms", "p99_ms", "peak_rss_mb", "threads", "isa", "precision",
      "images_per_second", "batch", "streams", "runs", "input", "arena_mb", "weights_mb", "model", "multiply_adds",
    ]
    for key in keys { #expect(object[key] != nil, "\(key) is missing") }
    #expect(object["peak_gflops"] == nil)
    #expect(object["min_ms"] as? Double == 32.123)
  }

  @Test func `The text names what was run and states the share of the peak where that is known`() {
    var report = report()
    #expect(!report.text.contains("share of peak"))
    #expect(report.text.hasPrefix("model.xcw, 299x299x3, fp32, avx512, 2 threads, 30 runs\n"))
    report.peakGigaflops = 1000
    report.multiplyAdds = 8_000_000_000
    report.minimumMilliseconds = 32
    #expect(report.text.contains("share of peak   50.0  %"))
  }

  private func report() -> BenchmarkReport {
    BenchmarkReport(
      model: "model.xcw", input: "299x299x3", isa: "avx512", precision: "fp32", threads: 2, runs: 30, batch: 1,
      streams: 1,
      loadMilliseconds: 50, firstMilliseconds: 40, minimumMilliseconds: 32.123456, medianMilliseconds: 33,
      percentile90Milliseconds: 34, percentile99Milliseconds: 35, imagesPerSecond: 30, peakResidentMegabytes: 120,
      arenaMegabytes: 10,
      weightMegabytes: 87,
      multiplyAdds: 8)
  }
}

@Suite struct StageTimesTests {
  @Test func `The profile shows speed and share of the peak where there are products`() {
    let lines = times.table().split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines[1] == ["conv", "tile", "4x4x8", "500.0", "10.000", "100.0", "50.0", "83.3"])
    #expect(lines[2] == ["pool", "pool", "2x2x8", "2.000", "16.7"])
    #expect(lines[3] == ["total", "500.0", "12.000", "83.3", "41.7", "100.0"])
  }

  @Test func `The trace shows the median run in microseconds`() throws {
    let object = try #require(
      JSONSerialization.jsonObject(with: Trace(times).json()) as? [String: Any])
    let events = try #require(object["traceEvents"] as? [[String: Any]])
    #expect(events.map { $0["name"] as? String } == ["conv", "pool"])
    #expect(events[0]["ph"] as? String == "X")
    #expect(events[0]["dur"] as? Double == 10_000)
    #expect(events[1]["ts"] as? Double == 10_000)
  }

  @Test func `A profile without runs has an empty trace`() {
    #expect(Trace(StageTimes(stages: [], peaks: [:])).traceEvents.isEmpty)
  }

  private var times: StageTimes {
    StageTimes(
      stages: [
        .init(
          name: "conv", kernel: "tile", shape: "4x4x8", multiplyAdds: ["fp32": 400_000_000, "int8": 100_000_000],
          spans: [(0, 10), (0, 9), (0, 12)]),
        .init(name: "pool", kernel: "pool", shape: "2x2x8", multiplyAdds: [:], spans: [(10, 12), (9, 11), (12, 20)]),
      ], peaks: ["fp32": 180, "int8": 360])
  }
}

@Suite struct SizeTests {
  @Test func `A size is width by height, or one side of a square`() {
    #expect(InputSize(argument: "299")?.extent == InputSize(argument: "299x299")?.extent)
    #expect(InputSize(argument: "320x200")?.extent.width == 320)
    #expect(InputSize(argument: "320X200")?.extent.height == 200)
  }

  @Test(arguments: ["", "299x", "x299", "0x1", "-1x1", "1x1x1", "ax1", "1.5x2"])
  func `What is no size is refused`(argument: String) { #expect(InputSize(argument: argument) == nil) }
}
