import Threads

/// When each stage of a run ended, as member 0 saw it. One run at a time may use it.
package final class RunTimes: @unchecked Sendable {
  // Unchecked: written by member 0 of the run that it was given to, and read after it.

  /// Nanoseconds of the monotonic clock: the start, then the end of each stage.
  package private(set) var times: [UInt64]

  package init(for plan: Plan) { times = [UInt64](repeating: 0, count: plan.stages.count + 1) }

  func mark(_ index: Int) { times[index] = Spin.now() }
}
