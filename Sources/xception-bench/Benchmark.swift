import CommandSupport
import Runtime
import Threads

/// Times runs of a network by one or more callers at the same time.
struct Benchmark {
  /// Untimed runs of each caller after the first run, while caches fill and the clock settles.
  static let warmUps = 4

  /// Timed runs of each caller.
  var runs: Int
  /// Images of a run, classified one after the other.
  var batch: Int
  var streams: Int

  struct Result {
    var firstMilliseconds: Double
    var durations: Durations
    var imagesPerSecond: Double
  }

  func measure(_ engine: Engine) throws -> Result {
    let first = try ContinuousClock().measure { try run(engine, caller: 0) }
    let outcome = Outcome()
    // Threads of their own: a task group has no more of them than the machine has processors.
    WorkerPool(threads: streams).run { member in
      // The first run succeeded; what can fail later is only memory for another caller. The others wait for it.
      do { try warmUp(engine, member) } catch { outcome.fail(error) }
      member.barrier()
      do { try time(engine, member, into: outcome) } catch { outcome.fail(error) }
    }
    return try outcome.result(firstMilliseconds: first.milliseconds, batch: batch)
  }

  private func warmUp(_ engine: Engine, _ member: Member) throws {
    for _ in 0..<Self.warmUps { try run(engine, caller: member.index) }
  }

  private func time(_ engine: Engine, _ member: Member, into outcome: Outcome) throws {
    outcome.begin()
    var durations: [Double] = []
    durations.reserveCapacity(runs)
    for _ in 0..<runs {
      durations.append(try ContinuousClock().measure { try run(engine, caller: member.index) }.milliseconds)
    }
    outcome.end(with: durations)
  }

  private func run(_ engine: Engine, caller: Int) throws {
    for _ in 0..<batch { try engine.run(caller: caller, threads: engine.network.threads(forEachOf: streams)) }
  }
}

/// What all callers together took.
private final class Outcome: Sendable {
  private struct State {
    var durations: [Double] = []
    var begin: ContinuousClock.Instant?
    var end = ContinuousClock.now
    var error: (any Error)?
  }

  private let state = Lock(State())

  func begin() { state.withLock { $0.begin = $0.begin ?? .now } }

  func fail(_ error: any Error) { state.withLock { $0.error = error } }

  func end(with durations: [Double]) {
    state.withLock {
      $0.durations += durations
      $0.end = .now
    }
  }

  func result(firstMilliseconds: Double, batch: Int) throws -> Benchmark.Result {
    try state.withLock { state in
      if let error = state.error { throw error }
      let seconds = state.begin!.duration(to: state.end) / .seconds(1)
      return Benchmark.Result(
        firstMilliseconds: firstMilliseconds, durations: Durations(milliseconds: state.durations),
        imagesPerSecond: Double(state.durations.count * batch) / seconds)
    }
  }
}
