import CSystem
import CommandSupport
import PlainText
import Synchronization
import Threads

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Times runs of a network while other threads keep some processors busy, as other programs do.
struct Disturbance {
  /// Timed runs of each kind.
  var runs: Int
  /// How many processors a busy loop runs on.
  var processors: Int

  struct Result {
    /// Of one thread, undisturbed.
    var alone: Durations
    /// Of all threads.
    var quiet: Durations
    var disturbed: Durations
  }

  func measure(_ engine: Engine) throws -> Result {
    let alone = try time(engine, threads: 1)
    let quiet = try time(engine, threads: engine.network.threads)
    let disturbed = try beside { try time(engine, threads: engine.network.threads) }
    return Result(alone: alone, quiet: quiet, disturbed: disturbed)
  }

  private func time(_ engine: Engine, threads: Int) throws -> Durations {
    for _ in 0..<Benchmark.warmUps { try engine.run(caller: 0, threads: threads) }
    return Durations(
      milliseconds: try (0..<runs).map { _ in
        try ContinuousClock().measure { try engine.run(caller: 0, threads: threads) }.milliseconds
      })
  }

  /// Calls `body` beside the busy loops, each bound to a processor of its own where the system can do that.
  private func beside(_ body: () throws -> Durations) throws -> Durations {
    let isOver = Atomic<Bool>(false)
    let outcome = Lock<Swift.Result<Durations, any Error>?>(nil)
    WorkerPool(threads: processors + 1).run { member in
      if member.index > 0 {
        bind_this_thread(Int32(member.index - 1))
        while !isOver.load(ordering: .relaxed) {}
      } else {
        let result = Swift.Result { try body() }
        outcome.withLock { $0 = result }
        isOver.store(true, ordering: .relaxed)
      }
    }
    return try outcome.withLock { try $0!.get() }
  }
}

/// What was found out beside busy loops, as it is printed.
struct DisturbanceReport: Encodable {
  var model: String
  /// Height by width by channels of the input.
  var input: String
  var isa: String
  var precision: String
  var threads: Int
  /// Timed runs of each kind.
  var runs: Int
  /// How many processors a busy loop ran on.
  var disturbedProcessors: Int
  var alone: Figures
  var quiet: Figures
  var disturbed: Figures

  struct Figures: Encodable {
    var minimumMilliseconds: Double
    var medianMilliseconds: Double
    var percentile90Milliseconds: Double

    init(_ durations: Durations) {
      func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
      minimumMilliseconds = rounded(durations.minimum)
      medianMilliseconds = rounded(durations.median)
      percentile90Milliseconds = rounded(durations.percentile(90))
    }

    enum CodingKeys: String, CodingKey {
      case minimumMilliseconds = "min_ms"
      case medianMilliseconds = "median_ms"
      case percentile90Milliseconds = "p90_ms"
    }
  }

  enum CodingKeys: String, CodingKey {
    case model, input, isa, precision, threads, runs
    case disturbedProcessors = "disturbed_processors"
    case alone, quiet, disturbed
  }

  /// The median of disturbed runs in terms of that of one thread which nothing disturbs.
  var ratio: Double { disturbed.medianMilliseconds / alone.medianMilliseconds }

  func json() throws -> String { try jsonLine(self) }

  var text: String {
    let loops = "\(disturbedProcessors) busy processor\(disturbedProcessors == 1 ? "" : "s")"
    var rows = [["", "minimum", "median", "p90"]]
    for (name, figures) in [
      ("1 thread", alone), ("\(threads) threads", quiet), ("\(threads) threads beside \(loops)", disturbed),
    ] {
      let values = [figures.minimumMilliseconds, figures.medianMilliseconds, figures.percentile90Milliseconds]
      rows.append([name] + values.map { $0.rounded(decimals: 2) })
    }
    return """
      \(model), \(input), \(precision), \(isa), \(runs) runs of each, milliseconds
      \(table(rows, leftAligned: [0]))
      disturbed in terms of 1 thread: \(ratio.rounded(decimals: 2))
      """
  }
}
