#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The steps of one run in the Trace Event Format, which `chrome://tracing` and Perfetto show.
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
  init(_ profile: Profile) {
    let runs = profile.steps.first?.spans.count ?? 0
    let byLength = (0..<runs).sorted { Self.length(of: $0, in: profile) < Self.length(of: $1, in: profile) }
    guard let run = byLength.isEmpty ? nil : byLength[(runs - 1) / 2] else {
      traceEvents = []
      return
    }
    traceEvents = profile.steps.map { step in
      let span = step.spans[run]
      return Event(
        name: step.name, cat: step.kernel, ts: span.begin * 1000, dur: (span.end - span.begin) * 1000,
        args: ["shape": step.shape, "kernel": step.kernel, "multiply-adds": String(step.multiplyAdds)])
    }
  }

  private static func length(of run: Int, in profile: Profile) -> Double {
    (profile.steps.last?.spans[run].end ?? 0) - (profile.steps.first?.spans[run].begin ?? 0)
  }

  func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }
}
