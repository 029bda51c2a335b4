import PlainText

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The stages of one run in the Trace Event Format, which `chrome://tracing` and Perfetto show.
struct Trace: Encodable {
  struct Event: Encodable {
    var name: String
    /// The kernel.
    var cat: String
    /// A complete event: begin and duration.
    var ph = "X"
    /// In microseconds.
    var ts: Double
    var dur: Double
    var pid = 1
    var tid = 0
    var args: [String: String]
  }

  var traceEvents: [Event]
  var displayTimeUnit = "ms"

  /// Takes the run whose length is the median.
  init(_ times: StageTimes) {
    let runs = times.stages.first?.spans.count ?? 0
    let byLength = (0..<runs).sorted { Self.length(of: $0, in: times) < Self.length(of: $1, in: times) }
    guard let run = byLength.isEmpty ? nil : byLength[(runs - 1) / 2] else {
      traceEvents = []
      return
    }
    traceEvents = times.stages.map { stage in
      let span = stage.spans[run]
      return Event(
        name: stage.name, cat: stage.kernel, ts: span.begin * 1000, dur: (span.end - span.begin) * 1000,
        args: [
          "shape": stage.shape, "kernel": stage.kernel, "multiply-adds": String(stage.multiplyAdds.values.reduce(0, +)),
        ])
    }
  }

  private static func length(of run: Int, in times: StageTimes) -> Double {
    (times.stages.last?.spans[run].end ?? 0) - (times.stages.first?.spans[run].begin ?? 0)
  }

  func json() throws -> Data {
    Data(try jsonLine(self).utf8)
  }
}
