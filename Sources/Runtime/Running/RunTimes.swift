import Threads

/// When each stage of a run ended. One run at a time may use it.
package final class RunTimes: @unchecked Sendable {
  // Unchecked: written by one member at a time of the run that it was given to, and read after it.

  /// Nanoseconds of the monotonic clock: the start, then the end of each stage.
  package private(set) var times: [UInt64]

  package init(for plan: Plan) { times = [UInt64](repeating: 0, count: plan.stages.count + 1) }

  func mark(_ index: Int) { times[index] = Spin.now() }
}
